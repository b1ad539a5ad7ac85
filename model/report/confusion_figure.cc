#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "model/report/figures.h"
#include "model/report/html_text.h"

namespace guichet {
namespace {

constexpr std::size_t kMostLabels = 60;
constexpr std::size_t kMostPairs = 6;
// In pixels.
constexpr double kCharacterWidth = 7;  // about, at the size of the ticks
constexpr double kLeast = 90;          // room for the two words in the corner
constexpr std::size_t kLabelCharacters = 34;
constexpr std::size_t kHeaderCharacters = 26;

// Indexes of the labels shown, in the labels' order: those with the most true rows.
std::vector<std::size_t> ShownLabels(const ClassificationReport& figures) {
  std::vector<std::size_t> shown(figures.labels.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (shown.size() <= kMostLabels) return shown;
  std::ranges::stable_sort(shown, std::ranges::greater(),
                           [&](std::size_t label) { return figures.per_label[label].support; });
  shown.resize(kMostLabels);
  std::ranges::sort(shown);
  return shown;
}

// "1.2k" from a thousand on, so that a count fits its cell.
std::string ShortCount(std::int64_t count) {
  if (count < 1000) return std::to_string(count);
  const double thousands = static_cast<double>(count) / 1000;
  return thousands < 9.95 ? fmt::format("{:.1f}k", thousands) : fmt::format("{:.0f}k", thousands);
}

class HeatMap {
 public:
  explicit HeatMap(const ClassificationReport& figures)
      : figures_(figures),
        shown_(ShownLabels(figures)),
        cell_(CellSize(shown_.size())),
        label_column_(std::max(kLeast, 16 + Widest(kLabelCharacters))),
        header_height_(std::max(kLeast, 24 + 0.82 * Widest(kHeaderCharacters))) {}

  std::string Draw() const {
    const double side = cell_ * static_cast<double>(shown_.size());
    // The last slanted header leans out to the right.
    const double width = label_column_ + side + 0.58 * Widest(kHeaderCharacters);
    const double height = header_height_ + side + 4;
    std::string svg = fmt::format(
        "<svg class=\"heat{}\" width=\"{:.0f}\" height=\"{:.0f}\" viewBox=\"0 0 {:.0f} {:.0f}\" "
        "role=\"img\" "
        "aria-label=\"Confusion matrix of {} labels\">\n",
        cell_ < 26 ? " small" : "", width, height, width, height, shown_.size());
    svg += fmt::format(
        "<text class=\"title\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">true label ↓  "
        "answered "
        "→</text>\n",
        label_column_ - 8, header_height_ - 10);
    for (std::size_t i = 0; i < shown_.size(); ++i) svg += Header(i);
    for (std::size_t i = 0; i < shown_.size(); ++i) svg += Row(i);
    return svg + "</svg>\n";
  }

  std::size_t left_out() const { return figures_.labels.size() - shown_.size(); }

 private:
  static int CellSize(std::size_t labels) {
    if (labels <= 12) return 38;
    return labels <= 24 ? 30 : 24;
  }

  // As in the table of labels: tells long names apart that begin alike.
  std::size_t Number(std::size_t place) const { return shown_[place] + 1; }

  // Of the longest label shown, cut to so many characters, with its number.
  double Widest(std::size_t characters) const {
    std::size_t widest = 0;
    for (const std::size_t label : shown_) {
      const std::string name = Shorten(figures_.labels[label], characters);
      const auto continuation = std::ranges::count_if(
          name, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; });
      widest = std::max(widest, name.size() - static_cast<std::size_t>(continuation));
    }
    constexpr double kNumber = 3;  // two digits and a space
    return kCharacterWidth * (kNumber + static_cast<double>(widest));
  }

  double Left(std::size_t column) const {
    return label_column_ + cell_ * static_cast<double>(column);
  }
  double Top(std::size_t row) const { return header_height_ + cell_ * static_cast<double>(row); }
  const std::string& Name(std::size_t place) const { return figures_.labels[shown_[place]]; }

  std::string Header(std::size_t column) const {
    return fmt::format(
        "<text class=\"tick\" transform=\"translate({:.1f} {:.1f}) "
        "rotate(-55)\"><title>{}</title>{} {}"
        "</text>\n",
        Left(column) + cell_ / 2.0 + 3, header_height_ - 7, EscapeHtml(Name(column)),
        Number(column), EscapeHtml(Shorten(Name(column), kHeaderCharacters)));
  }

  std::string Row(std::size_t row) const {
    const std::int64_t support = figures_.per_label[shown_[row]].support;
    std::string svg = fmt::format(
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"end\"><title>{}</title>{} {}</text>\n",
        label_column_ - 8, Top(row) + cell_ / 2.0 + 4, EscapeHtml(Name(row)), Number(row),
        EscapeHtml(Shorten(Name(row), kLabelCharacters)));
    for (std::size_t column = 0; column < shown_.size(); ++column) {
      svg += Cell(row, column, support);
    }
    return svg;
  }

  std::string Cell(std::size_t row, std::size_t column, std::int64_t support) const {
    const std::int64_t count = figures_.confusion[shown_[row]][shown_[column]];
    const double share =
        support > 0 ? static_cast<double>(count) / static_cast<double>(support) : 0;
    // The root shows a few mistakes among many rows, too.
    const double shade = count > 0 ? 0.08 + 0.92 * std::sqrt(share) : 0;
    const char* kind = row == column ? "right" : "wrong";
    std::string svg = fmt::format(
        "<rect class=\"cell\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" "
        "height=\"{}\"/>",
        Left(column), Top(row), cell_ - 1, cell_ - 1);
    if (count == 0) return svg + "\n";
    svg += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" "
        "fill-opacity=\"{:.3f}\"><title>{} → {}: {} of {} rows ({})</title></rect>",
        kind, Left(column), Top(row), cell_ - 1, cell_ - 1, shade, EscapeHtml(Name(row)),
        EscapeHtml(Name(column)), count, support, Percent(share));
    return svg + fmt::format(
                     "<text class=\"count{}\" x=\"{:.1f}\" y=\"{:.1f}\" "
                     "text-anchor=\"middle\">{}</text>\n",
                     shade > 0.6 ? " on" : "", Left(column) + (cell_ - 1) / 2.0,
                     Top(row) + cell_ / 2.0 + 4, ShortCount(count));
  }

  const ClassificationReport& figures_;
  const std::vector<std::size_t> shown_;
  const int cell_;
  const double label_column_;
  const double header_height_;
};

// The pairs of labels that are mixed up most.
std::string ConfusedPairs(const ClassificationReport& figures) {
  std::vector<std::tuple<std::int64_t, std::size_t, std::size_t>> pairs;
  for (std::size_t truth = 0; truth < figures.labels.size(); ++truth) {
    for (std::size_t answer = 0; answer < figures.labels.size(); ++answer) {
      const std::int64_t count = figures.confusion[truth][answer];
      if (truth != answer && count > 0) pairs.emplace_back(-count, truth, answer);
    }
  }
  if (pairs.empty()) return "<p>No row is answered wrongly.</p>";
  std::ranges::sort(pairs);
  pairs.resize(std::min(pairs.size(), kMostPairs));
  std::string list = "<p>Mixed up most:</p><ul>\n";
  for (const auto& [count, truth, answer] : pairs) {
    list += fmt::format("<li><b>{}</b> answered as <b>{}</b>: {} of {} rows</li>\n",
                        EscapeHtml(figures.labels[truth]), EscapeHtml(figures.labels[answer]),
                        Grouped(-count), Grouped(figures.per_label[truth].support));
  }
  return list + "</ul>";
}

}  // namespace

std::string ConfusionFigure(const EvaluationReport& report) {
  const ClassificationReport& figures = report.judgement.figures;
  const HeatMap map(figures);
  std::string caption =
      "Each row is shaded by its shares: <span class=\"key candidate\"></span>right, "
      "<span class=\"key warm\"></span>wrong.";
  if (map.left_out() > 0) {
    caption += fmt::format(
        " The {} labels with the most rows are shown; {} more are in "
        "report.json.",
        kMostLabels, map.left_out());
  }
  return fmt::format(
      "<figure class=\"card\"><h2>Confusion matrix</h2>\n<div class=\"scroll\">{}</div>"
      "<figcaption>{}{}</figcaption></figure>\n",
      map.Draw(), caption, ConfusedPairs(figures));
}

}  // namespace guichet
