#include "model/report/tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/report/html_text.h"
#include "model/report/promises.h"

namespace guichet {
namespace {

constexpr std::size_t kMostLabelRows = 1000;
constexpr std::size_t kMostIdCharacters = 80;

std::string Section(std::string_view heading, const std::string& content) {
  return fmt::format("<section class=\"card\"><h2>{}</h2>\n{}</section>\n", heading, content);
}

std::string Scrolled(const std::string& head, const std::string& rows) {
  return fmt::format(
      "<div class=\"scroll\"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>"
      "</table></div>\n",
      head, rows);
}

// A line from low to high with a dot at the value, on a scale from 0 to 1.
std::string IntervalBar(double value, const Interval& interval, std::string_view series) {
  constexpr double kLength = 148;
  const auto place = [](double share) { return 4 + kLength * std::clamp(share, 0.0, 1.0); };
  return fmt::format(
      "<svg class=\"interval\" width=\"156\" height=\"16\" viewBox=\"0 0 156 16\" "
      "aria-hidden=\"true\"><line class=\"axis\" x1=\"4\" x2=\"152\" y1=\"8\" y2=\"8\"/><line "
      "class=\"line {}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"8\" y2=\"8\"/><circle class=\"dot {}\" "
      "cx=\"{:.1f}\" cy=\"8\" r=\"4\"/></svg>",
      series, place(interval.low), place(interval.high), series, place(value));
}

std::string ComparisonRow(const ComparedModel& model, std::string_view series) {
  const auto with_interval = [](double value, const Interval& interval) {
    return fmt::format("{} <small>{} to {}</small>", Percent(value), Percent(interval.low),
                       Percent(interval.high));
  };
  return fmt::format(
      "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
      EscapeHtml(model.name), with_interval(model.accuracy, model.accuracy_interval),
      with_interval(model.macro_f1, model.macro_f1_interval),
      IntervalBar(model.macro_f1, model.macro_f1_interval, series), Decimals(model.mcc),
      Decimals(model.calibration_error, 4));
}

std::string ShareBar(double share) {
  return fmt::format("<span class=\"bar\"><i style=\"width:{:.0f}%\"></i></span>", 100 * share);
}

std::string PromiseCells(const LabelThreshold& label, const AnswerCounts& kept) {
  if (!label.kept) {
    return "<td class=\"never\">abstains</td><td>–</td><td>–</td>";
  }
  return fmt::format("<td>{:.3f}</td><td>{} <small>of {}</small></td><td>{}</td>", label.threshold,
                     Grouped(kept.answered), Grouped(kept.rows), Percent(kept.Precision()));
}

std::string PromiseNote(const EvaluationReport& report) {
  const PromisedPrecision& promise = *report.promise;
  const PromiseTotals totals = SumPromise(promise, report.judgement.figures.rows);
  std::string note = fmt::format(
      "<p>Promised precision: <b>{:.4g} %</b>. A label is answered from its threshold on, the "
      "smallest one whose precision on the {} validation rows is at least that, by the one-sided "
      "95 % Clopper–Pearson bound. {} of {} labels can keep the promise; the others always "
      "abstain, "
      "and their tickets go to a person. ",
      100 * promise.promised, Grouped(promise.fitted_rows), totals.labels_kept,
      promise.labels.size());
  if (report.judged_on == "validation") {
    return note + fmt::format(
                      "It buys answers to <b>{}</b> of the tickets; what is kept is "
                      "measured on the rows that chose the thresholds, and looks better "
                      "than it is.</p>\n",
                      Percent(totals.coverage));
  }
  return note + fmt::format(
                    "On the rows that judge it buys answers to <b>{}</b> of the tickets, "
                    "<b>{}</b> of them right.</p>\n",
                    Percent(totals.coverage), Percent(totals.precision));
}

}  // namespace

std::string ComparisonTable(const EvaluationReport& report) {
  if (report.compared.empty()) return {};
  std::string rows;
  for (const ComparedModel& model : report.compared) {
    rows += ComparisonRow(model, rows.empty() ? "candidate" : "other");
  }
  std::string note;
  if (report.compared_labels != report.judgement.figures.labels.size()) {
    note = fmt::format("<p>Over all {} labels of the models and the rows.</p>\n",
                       report.compared_labels);
  }
  if (report.no_baseline) {
    note += fmt::format("<p>No bag-of-words baseline: {}.</p>\n", EscapeHtml(*report.no_baseline));
  }
  return Section(
      "Compared on the same rows",
      Scrolled("<th>model</th><th>accuracy <small>95 %</small></th><th>macro-F1 <small>95 "
               "%</small></th><th></th><th>MCC</th><th>calibration error</th>",
               rows) +
          note);
}

std::string LabelTable(const EvaluationReport& report) {
  const ClassificationReport& figures = report.judgement.figures;
  std::string head =
      "<th>label</th><th>rows</th><th>precision</th><th>recall</th><th>F1</th><th></th>";
  if (report.promise) {
    head += "<th>threshold</th><th>answered</th><th>precision kept</th>";
  }
  std::string rows;
  const std::size_t shown = std::min(figures.labels.size(), kMostLabelRows);
  for (std::size_t i = 0; i < shown; ++i) {
    const PrecisionRecall& scores = figures.per_label[i].scores;
    rows += fmt::format(
        "<tr><th><small>{}</small> {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "{}</tr>\n",
        i + 1, EscapeHtml(figures.labels[i]), Grouped(figures.per_label[i].support),
        Percent(scores.precision), Percent(scores.recall), Percent(scores.f1), ShareBar(scores.f1),
        report.promise ? PromiseCells(report.promise->labels[i], report.promise->kept[i]) : "");
  }
  std::string note = report.promise ? PromiseNote(report) : "";
  if (shown < figures.labels.size()) {
    note += fmt::format("<p>The first {} of {} labels; the others are in report.json.</p>\n", shown,
                        figures.labels.size());
  }
  return Section("Labels", note + Scrolled(head, rows));
}

std::string MistakeTable(const EvaluationReport& report) {
  const std::vector<Mistake>& mistakes = report.judgement.worst_mistakes;
  if (mistakes.empty()) return Section("Worst mistakes", "<p>No row is answered wrongly.</p>\n");
  std::string rows;
  for (const Mistake& mistake : mistakes) {
    rows += fmt::format(
        "<tr><th>{}</th><td class=\"text\">{}</td><td class=\"text\">{}</td><td>{}</td></tr>\n",
        EscapeHtml(Shorten(mistake.id, kMostIdCharacters)), EscapeHtml(mistake.label),
        EscapeHtml(mistake.answer), Percent(mistake.score));
  }
  return Section(
      "Worst mistakes",
      fmt::format("<p>The {} wrong answers that the model was surest of, by the ids of their "
                  "tickets. Some are mistakes of the labels.</p>\n",
                  mistakes.size()) +
          Scrolled("<th>ticket</th><th class=\"text\">true label</th><th "
                   "class=\"text\">answered</th><th>confidence</th>",
                   rows));
}

std::string FigureTable(const EvaluationReport& report) {
  const ClassificationReport& figures = report.judgement.figures;
  std::string rows;
  const auto add = [&rows](std::string_view name, const std::string& value) {
    rows += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, value);
  };
  const auto add_mean = [&add](std::string_view name, const PrecisionRecall& mean) {
    add(fmt::format("{} precision, recall, F1", name),
        fmt::format("{}, {}, {}", Percent(mean.precision), Percent(mean.recall), Percent(mean.f1)));
  };
  add("rows", Grouped(figures.rows));
  add("accuracy", Percent(figures.accuracy, 2));
  add("balanced accuracy", Percent(figures.balanced_accuracy, 2));
  add_mean("macro", figures.macro);
  add_mean("micro", figures.micro);
  add_mean("weighted", figures.weighted);
  add("Matthews correlation", Decimals(figures.mcc));
  add("Cohen’s kappa", Decimals(figures.kappa));
  if (figures.probabilities) {
    for (const auto& [k, share] : figures.probabilities->top_k) {
      add(fmt::format("truth among the best {}", k), Percent(share, 2));
    }
    add("expected calibration error (15 equal groups)",
        Decimals(figures.probabilities->expected_calibration_error, 4));
    add("largest calibration error", Decimals(figures.probabilities->maximum_calibration_error, 4));
    add("negative log likelihood", Decimals(figures.probabilities->nll, 4));
    add("Brier score", Decimals(figures.probabilities->brier, 4));
  }
  add("temperature", Decimals(report.temperature));
  return Section("All figures", "<table class=\"facts\"><tbody>\n" + rows + "</tbody></table>\n");
}

std::string ProvenanceTable(const EvaluationReport& report) {
  if (report.provenance.empty()) return {};
  std::string rows;
  for (const auto& [what, value] : report.provenance) {
    rows += fmt::format("<tr><th>{}</th><td><code>{}</code></td></tr>\n", EscapeHtml(what),
                        EscapeHtml(value));
  }
  return Section("Where it comes from",
                 "<table class=\"facts\"><tbody>\n" + rows + "</tbody></table>\n");
}

}  // namespace guichet
