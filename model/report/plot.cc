#include "model/report/plot.h"

#include <algorithm>
#include <cmath>
#include <ranges>

#include <fmt/format.h>

#include "model/report/html_text.h"

namespace guichet {
namespace {

// In units of the view box, about CSS pixels.
constexpr double kWidth = 480;
constexpr double kHeight = 310;
constexpr double kLeft = 58;
constexpr double kRight = 26;
constexpr double kTop = 12;
constexpr double kBottom = 48;

double Place(double value, const PlotAxis& axis) {
  return std::clamp((value - axis.low) / (axis.high - axis.low), 0.0, 1.0);
}

std::string TickLabel(double value, const PlotAxis& axis) {
  return axis.percent ? fmt::format("{:.0f} %", 100 * value) : fmt::format("{:.4g}", value);
}

}  // namespace

std::vector<double> RoundTicks(double low, double high) {
  constexpr double kMostSteps = 6;
  const double raw = (high - low) / kMostSteps;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= raw * (1 - 1e-9)) step = factor * power;
  }
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  const double last = std::floor(high / step + 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step + 0.0);  // never −0
  return ticks;
}

Plot::Plot(PlotAxis x, PlotAxis y) : x_(std::move(x)), y_(std::move(y)) {}

double Plot::X(double value) const { return kLeft + Place(value, x_) * (kWidth - kLeft - kRight); }

double Plot::Y(double value) const {
  return kHeight - kBottom - Place(value, y_) * (kHeight - kTop - kBottom);
}

std::string Plot::Coordinates(const PlotPoints& points) const {
  std::string text;
  for (const auto& [x, y] : points) {
    text += fmt::format("{}{:.1f},{:.1f}", text.empty() ? "" : " ", X(x), Y(y));
  }
  return text;
}

void Plot::Line(const PlotPoints& points, std::string_view series) {
  marks_ +=
      fmt::format("<polyline class=\"line {}\" points=\"{}\"/>\n", series, Coordinates(points));
}

void Plot::Band(const PlotPoints& low, const PlotPoints& high, std::string_view series) {
  PlotPoints outline = low;
  for (const auto& point : std::views::reverse(high)) outline.push_back(point);
  marks_ +=
      fmt::format("<polygon class=\"band {}\" points=\"{}\"/>\n", series, Coordinates(outline));
}

void Plot::Dot(std::pair<double, double> at, std::string_view series, std::string_view hint) {
  marks_ += fmt::format(
      "<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"><title>{}</title></circle>\n",
      series, X(at.first), Y(at.second), EscapeHtml(hint));
}

void Plot::Note(std::pair<double, double> at, std::string_view text, std::string_view anchor) {
  marks_ +=
      fmt::format("<text class=\"note\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
                  X(at.first), Y(at.second) - 6, anchor, EscapeHtml(text));
}

std::string Plot::Frame() const {
  std::string frame;
  const double bottom = kHeight - kBottom;
  for (const double tick : RoundTicks(y_.low, y_.high)) {
    frame += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        kLeft, kWidth - kRight, Y(tick), Y(tick), kLeft - 7, Y(tick) + 4, TickLabel(tick, y_));
  }
  for (const double tick : RoundTicks(x_.low, x_.high)) {
    if (x_.whole && tick != std::round(tick)) continue;
    frame += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>"
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
        X(tick), X(tick), kTop, bottom, X(tick), bottom + 18, TickLabel(tick, x_));
  }
  frame += fmt::format("<polyline class=\"axis\" points=\"{},{} {},{} {},{}\"/>\n", kLeft, kTop,
                       kLeft, bottom, kWidth - kRight, bottom);
  frame += fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                       (kLeft + kWidth - kRight) / 2, kHeight - 8, EscapeHtml(x_.title));
  frame += fmt::format(
      "<text class=\"title\" transform=\"translate(13 {}) rotate(-90)\" "
      "text-anchor=\"middle\">{}</text>\n",
      (kTop + bottom) / 2, EscapeHtml(y_.title));
  return frame;
}

std::string Plot::Finish(std::string_view description) const {
  return fmt::format(
      "<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{}{}</svg>\n",
      kWidth, kHeight, EscapeHtml(description), Frame(), marks_);
}

}  // namespace guichet
