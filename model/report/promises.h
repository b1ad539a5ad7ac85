#pragma once

#include <optional>
#include <vector>

#include "model/report/evaluation_report.h"

// What both views of a report say of precision and coverage. Private to model/report.

namespace guichet {

// One threshold for all labels, for a precision that one might ask for.
struct DialSetting {
  double precision = 0;
  std::optional<CoveragePoint> point;  // absent: no threshold shows that it is kept
};
// At 0.8, 0.9, 0.95 and 0.99.
std::vector<DialSetting> MeasureDial(const Judgement& judgement);

// A promise over all labels.
struct PromiseTotals {
  int labels_kept = 0;
  double fitted_coverage = 0;  // share of the validation rows that are answered
  std::optional<double> fitted_precision;
  double coverage = 0;  // share of the rows that judge
  std::optional<double> precision;
};
PromiseTotals SumPromise(const PromisedPrecision& promise, std::int64_t judged_rows);

}  // namespace guichet
