#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/evaluation/logit_table.h"

// When a classifier had better leave a ticket to a person: what coverage costs in precision, and
// thresholds that keep a promised precision.

namespace guichet {

// The threshold of a label that is never answered, however sure the model is.
inline constexpr double kAlwaysAbstain = 1.0;
// The chance that a bound in this file is wrong: bounds are one-sided at 95 %.
inline constexpr double kPromiseAlpha = 0.05;

// A model's answer to a row whose true label is known.
struct JudgedAnswer {
  int truth = 0;
  int answer = 0;
  double score = 0;  // calibrated probability of the answer, rounded to float as in service

  bool right() const { return truth == answer; }
};

// The likeliest label of each row, with softmax(logits / temperature) as its score.
// INVALID_ARGUMENT as CheckLogits, or a temperature that is not above 0.
absl::StatusOr<std::vector<JudgedAnswer>> JudgeAnswers(const LogitTable& logits,
                                                       std::span<const int> truth,
                                                       double temperature);

// What answering only rows of at least this score gives.
struct CoveragePoint {
  double threshold = 0;
  std::int64_t answered = 0;
  std::int64_t right = 0;
  double coverage = 0;       // share of all rows that are answered
  double precision = 0;      // share of the answered rows that are right
  double precision_low = 0;  // its one-sided Clopper–Pearson bound
};

// From the surest rows to all of them, by rising coverage; rows of equal score go together. At most
// max_points (at least 1), spread evenly over the rows; the last one answers every row.
std::vector<CoveragePoint> MeasureCoverage(std::span<const JudgedAnswer> answers,
                                           int max_points = 100);

// The largest coverage, by one threshold for all labels, whose precision_low is at least
// `precision`; nothing when there is none.
std::optional<CoveragePoint> CoverageAtPrecision(std::span<const JudgedAnswer> answers,
                                                 double precision);

// Of the rows that a model answers with one label.
struct AnswerCounts {
  std::int64_t rows = 0;      // answered with the label, threshold aside
  std::int64_t answered = 0;  // of those, at or above the threshold
  std::int64_t right = 0;     // of those, rightly

  std::optional<double> Precision() const {
    if (answered == 0) return std::nullopt;
    return static_cast<double>(right) / static_cast<double>(answered);
  }
};

struct LabelThreshold {
  double threshold = kAlwaysAbstain;
  bool kept = false;         // whether the rows show that the promise can be kept at all
  AnswerCounts fitted;       // on the rows that it was chosen on
  double precision_low = 0;  // the bound there
};

// For each label the smallest score τ among its answers such that the one-sided Clopper–Pearson
// bound of the precision of the answers at or above τ is at least `promised`, in (0, 1); a label
// without one gets kAlwaysAbstain. Choose on rows that the model was not trained on, and measure
// what is kept on others: the best of many thresholds looks better than it is.
std::vector<LabelThreshold> ChooseThresholds(std::span<const JudgedAnswer> answers, int label_count,
                                             double promised);

// What thresholds, one a label, keep on these rows.
std::vector<AnswerCounts> CountAnswers(std::span<const JudgedAnswer> answers,
                                       std::span<const double> thresholds);
// Over all labels.
AnswerCounts Total(std::span<const AnswerCounts> counts);

}  // namespace guichet
