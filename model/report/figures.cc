#include "model/report/figures.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "model/report/html_text.h"
#include "model/report/plot.h"
#include "model/report/promises.h"

namespace guichet {
namespace {

std::string Figure(std::string_view heading, const std::string& picture,
                   const std::string& caption) {
  return fmt::format("<figure class=\"card\"><h2>{}</h2>\n{}<figcaption>{}</figcaption></figure>\n",
                     heading, picture, caption);
}

// A tenth below the lowest precision shown, in tenths.
double LowestShown(const std::vector<CoveragePoint>& points) {
  double lowest = 1;
  for (const CoveragePoint& point : points) lowest = std::min(lowest, point.precision);
  return std::clamp(std::floor(10 * lowest - 0.5) / 10, 0.0, 0.9);
}

void AddPromise(const EvaluationReport& report, Plot& plot) {
  const PromisedPrecision& promise = *report.promise;
  plot.Line({{0, promise.promised}, {1, promise.promised}}, "guide");
  plot.Note({0, promise.promised}, fmt::format(" promised {:.4g} %", 100 * promise.promised));
  const PromiseTotals totals = SumPromise(promise, report.judgement.figures.rows);
  if (!totals.precision) return;
  plot.Dot(
      {totals.coverage, *totals.precision}, "promise",
      fmt::format("thresholds of this bundle: {} of the rows answered, {} of the answers right",
                  Percent(totals.coverage), Percent(totals.precision)));
}

// The dial as a sentence: what coverage each precision costs.
std::string DialCaption(const EvaluationReport& report) {
  std::string settings;
  for (const DialSetting& setting : MeasureDial(report.judgement)) {
    settings +=
        fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", Percent(setting.precision, 0),
                    setting.point ? Decimals(setting.point->threshold) : "–",
                    setting.point ? Percent(setting.point->coverage) : "not shown by these rows");
  }
  std::string caption =
      "The model answers its surest tickets first; the band reaches down to the one-sided 95 % "
      "Clopper–Pearson bound. ";
  if (report.promise) caption += "The dot is what the thresholds of this bundle buy. ";
  return caption +
         "<table class=\"dial\"><thead><tr><th>precision at least</th><th>one threshold for "
         "all</th><th>tickets answered</th></tr></thead><tbody>\n" +
         settings + "</tbody></table>";
}

// Values of epochs that have one.
PlotPoints EpochPoints(const std::vector<EpochRecord>& history,
                       const std::function<std::optional<double>(const EpochRecord&)>& value) {
  PlotPoints points;
  for (const EpochRecord& epoch : history) {
    if (const auto found = value(epoch); found && std::isfinite(*found)) {
      points.emplace_back(epoch.epoch, *found);
    }
  }
  return points;
}

void AddSeries(const PlotPoints& points, std::string_view series, std::string_view name,
               Plot& plot) {
  plot.Line(points, series);
  for (const auto& point : points) {
    plot.Dot(point, series, fmt::format("epoch {}: {} {:.4f}", point.first, name, point.second));
  }
}

double Largest(const PlotPoints& points) {
  double largest = 0;
  for (const auto& point : points) largest = std::max(largest, point.second);
  return largest;
}

}  // namespace

std::string CoverageFigure(const EvaluationReport& report) {
  const std::vector<CoveragePoint>& points = report.judgement.coverage;
  Plot plot({.low = 0, .high = 1, .title = "tickets answered (coverage)"},
            {.low = LowestShown(points), .high = 1, .title = "answers that are right (precision)"});
  PlotPoints line;
  PlotPoints low;
  for (const CoveragePoint& point : points) {
    line.emplace_back(point.coverage, point.precision);
    low.emplace_back(point.coverage, point.precision_low);
  }
  plot.Band(low, line, "candidate");
  plot.Line(line, "candidate");
  if (report.promise) AddPromise(report, plot);
  return Figure("Coverage against precision",
                plot.Finish(fmt::format("Precision {} when every ticket is answered",
                                        Percent(points.back().precision))),
                DialCaption(report));
}

std::string ReliabilityFigure(const EvaluationReport& report) {
  if (!report.judgement.figures.probabilities) return {};
  const ProbabilityScores& scores = *report.judgement.figures.probabilities;
  Plot plot({.low = 0, .high = 1, .title = "mean confidence"},
            {.low = 0, .high = 1, .title = "answers that are right"});
  plot.Line({{0, 0}, {1, 1}}, "guide");
  PlotPoints line;
  for (const ReliabilityBin& bin : scores.reliability) {
    const auto right = std::llround(bin.accuracy * static_cast<double>(bin.rows));
    const Interval interval = ClopperPearson(right, bin.rows, 0.05);
    plot.Line({{bin.confidence, interval.low}, {bin.confidence, interval.high}}, "whisker");
    line.emplace_back(bin.confidence, bin.accuracy);
  }
  plot.Line(line, "candidate");
  for (const ReliabilityBin& bin : scores.reliability) {
    plot.Dot({bin.confidence, bin.accuracy}, "candidate",
             fmt::format("{} rows of confidence {:.3f} to {:.3f}: {} right", bin.rows, bin.low,
                         bin.high, Percent(bin.accuracy)));
  }
  return Figure(
      "Reliability",
      plot.Finish(
          fmt::format("Expected calibration error {:.4f}", scores.expected_calibration_error)),
      fmt::format("Groups of equal size by confidence, with 95 % intervals; on the dashed line a "
                  "confidence of 80 % is right 8 times in 10. Expected calibration error "
                  "<b>{:.4f}</b>, at a temperature of {:.3f}.",
                  scores.expected_calibration_error, report.temperature));
}

std::string LearningFigure(const EvaluationReport& report) {
  if (report.history.empty()) return {};
  const std::vector<EpochRecord>& history = report.history;
  const auto training = EpochPoints(history, [](const auto& e) { return e.training_loss; });
  const auto validation = EpochPoints(history, [](const auto& e) { return e.validation_loss; });
  const auto macro_f1 = EpochPoints(history, [](const auto& e) { return e.macro_f1; });
  const auto accuracy = EpochPoints(history, [](const auto& e) { return e.accuracy; });
  const PlotAxis epochs = {.low = 0,
                           .high = std::max(2.0, static_cast<double>(history.back().epoch)),
                           .title = "epoch",
                           .percent = false,
                           .whole = true};
  const double loss = std::max({Largest(training), Largest(validation), 1e-6});
  Plot losses(epochs, {.low = 0, .high = 1.05 * loss, .title = "loss", .percent = false});
  AddSeries(training, "other", "training loss", losses);
  AddSeries(validation, "candidate", "validation loss", losses);
  Plot scores(epochs, {.low = 0, .high = 1, .title = "on the validation rows"});
  AddSeries(accuracy, "other", "accuracy", scores);
  AddSeries(macro_f1, "candidate", "macro-F1", scores);
  int best = 0;
  for (const EpochRecord& epoch : history) {
    if (epoch.best) best = epoch.epoch;
  }
  scores.Line({{best, 0}, {best, 1}}, "guide");
  const auto key = [](std::string_view series, std::string_view name) {
    return fmt::format("<span class=\"key {}\"></span>{} ", series, name);
  };
  return fmt::format(
      "<section class=\"card\"><h2>Learning curve</h2><div class=\"pair\">\n<figure>{}<figcaption>"
      "{}{}</figcaption></figure>\n<figure>{}<figcaption>{}{}(epoch {} was kept)</figcaption>"
      "</figure></div></section>\n",
      losses.Finish("Loss by epoch"), key("other", "training"), key("candidate", "validation"),
      scores.Finish("Accuracy and macro-F1 by epoch"), key("other", "accuracy"),
      key("candidate", "macro-F1"), best);
}

}  // namespace guichet
