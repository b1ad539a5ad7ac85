#include <fmt/format.h>

#include "model/report/evaluation_report.h"
#include "model/report/figures.h"
#include "model/report/html_text.h"
#include "model/report/page_style.h"
#include "model/report/promises.h"
#include "model/report/tables.h"

namespace guichet {
namespace {

std::string JudgingRows(const EvaluationReport& report) {
  const std::string rows = Grouped(report.judgement.figures.rows);
  if (report.judged_on == "holdout") {
    return rows + " held-out rows, which trained and chose nothing";
  }
  if (report.judged_on == "validation") {
    return rows +
           " validation rows, which also chose the epoch and the temperature: the figures "
           "are somewhat too good";
  }
  return rows + " labelled rows";
}

std::string Heading(const EvaluationReport& report) {
  std::string heading = fmt::format(
      "<header><h1>{}</h1><p class=\"sub\">Evaluation report · {} labels · {}</p>\n",
      EscapeHtml(report.model), report.judgement.figures.labels.size(), JudgingRows(report));
  if (report.unknown_label_rows > 0) {
    heading += fmt::format(
        "<p class=\"sub\">{} more rows bear a label that this model does not have. They count as "
        "mistakes in the comparison and in the verdict, and are left out of everything else.</p>\n",
        Grouped(report.unknown_label_rows));
  }
  return heading + "</header>\n";
}

std::string Verdict(const EvaluationReport& report) {
  if (!report.gate) {
    return "<section class=\"card\"><h2>Verdict</h2><p>None: no model was in service to compare it "
           "with.</p></section>\n";
  }
  std::string reasons;
  for (const std::string& reason : report.gate->reasons) {
    reasons += fmt::format("<li>{}</li>\n", EscapeHtml(reason));
  }
  const std::string_view verdict = NameOf(report.gate->verdict);
  return fmt::format(
      "<section class=\"card\"><h2>Verdict</h2><span class=\"verdict {}\">{}</span>\n<ul>{}</ul>"
      "</section>\n",
      verdict, verdict, reasons);
}

std::string Tile(std::string_view name, const std::string& value, const std::string& remark) {
  return fmt::format("<div class=\"card tile\"><span>{}</span><b>{}</b><span>{}</span></div>\n",
                     name, value, remark);
}

std::string CoverageTile(const EvaluationReport& report) {
  if (report.promise) {
    const PromiseTotals totals = SumPromise(*report.promise, report.judgement.figures.rows);
    return Tile("answered", Percent(totals.coverage),
                fmt::format("promised precision {:.4g}\u00A0%, kept {}",
                            100 * report.promise->promised, Percent(totals.precision)));
  }
  const auto point = CoverageAtPrecision(report.judgement.answers, 0.95);
  return Tile("could be answered", point ? Percent(point->coverage) : "–",
              "at a precision of 95 % or more");
}

std::string Tiles(const EvaluationReport& report) {
  const Judgement& judgement = report.judgement;
  const auto between = [](const Interval& interval) {
    return fmt::format("95 %: {} to {}", Percent(interval.low), Percent(interval.high));
  };
  std::string tiles =
      Tile("accuracy", Percent(judgement.figures.accuracy), between(judgement.accuracy)) +
      Tile("macro-F1", Percent(judgement.figures.macro.f1), between(judgement.macro_f1)) +
      CoverageTile(report);
  if (judgement.figures.probabilities) {
    tiles += Tile("calibration error",
                  Decimals(judgement.figures.probabilities->expected_calibration_error),
                  "expected, between confidence and share right");
  }
  return "<div class=\"tiles\">\n" + tiles + "</div>\n";
}

// Nothing may be loaded or run, whatever a label says.
constexpr const char* kHead =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\"/>\n<meta name=\"viewport\" content=\"width=device-width, "
    "initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n";

}  // namespace

std::string ToHtml(const EvaluationReport& report) {
  std::string page = kHead;
  page += fmt::format("<title>{} – evaluation report</title>\n<style>{}</style>\n</head>\n",
                      EscapeHtml(report.model), kPageStyle);
  page += "<body><main>\n" + Heading(report) + Verdict(report) + Tiles(report);
  page += ComparisonTable(report);
  page +=
      "<div class=\"pair\">\n" + CoverageFigure(report) + ReliabilityFigure(report) + "</div>\n";
  page += ConfusionFigure(report);
  page += LabelTable(report) + MistakeTable(report) + LearningFigure(report);
  page += "<div class=\"pair\">\n" + FigureTable(report) + ProvenanceTable(report) + "</div>\n";
  return page + "</main></body>\n</html>\n";
}

}  // namespace guichet
