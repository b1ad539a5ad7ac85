#include "model/report/promises.h"

namespace guichet {
namespace {

double Share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

}  // namespace

std::vector<DialSetting> MeasureDial(const Judgement& judgement) {
  std::vector<DialSetting> settings;
  for (const double precision : {0.8, 0.9, 0.95, 0.99}) {
    settings.push_back({precision, CoverageAtPrecision(judgement.answers, precision)});
  }
  return settings;
}

PromiseTotals SumPromise(const PromisedPrecision& promise, std::int64_t judged_rows) {
  PromiseTotals totals;
  AnswerCounts fitted;
  for (const LabelThreshold& label : promise.labels) {
    if (label.kept) ++totals.labels_kept;
    fitted.answered += label.fitted.answered;
    fitted.right += label.fitted.right;
  }
  const AnswerCounts kept = Total(promise.kept);
  totals.fitted_coverage = Share(fitted.answered, promise.fitted_rows);
  totals.fitted_precision = fitted.Precision();
  totals.coverage = Share(kept.answered, judged_rows);
  totals.precision = kept.Precision();
  return totals;
}

}  // namespace guichet
