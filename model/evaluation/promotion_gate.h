#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/evaluation/statistics.h"

namespace guichet {

// What the gate says of a candidate: put it in service, not enough evidence, or it is worse.
enum class GateVerdict { kPromote, kHold, kReject };

// How sure the gate must be.
struct GatePolicy {
  // Held-out rows below which nothing is promoted. 1 to 1,000,000.
  int min_rows = 50;
  // Largest loss of macro-F1 that counts as none. 0 to 1.
  double margin = 0.005;
  // Of the interval of the macro-F1 difference. Above 0 to below 1.
  double confidence = 0.95;
  // Bootstrap resamples (with replacement, the same rows for both models). 100 to 1,000,000.
  int resamples = 2000;
  std::uint64_t seed = 42;
  // A protected label may lose this much recall; a larger loss counts when it is significant at
  // `alpha`. 0 to 1; above 0 to below 1.
  double max_recall_loss = 0.05;
  double alpha = 0.05;
  // Names of labels; empty: all are protected.
  std::vector<std::string> protected_labels;
  // By how much the expected calibration error may grow. 0 to 1.
  double max_calibration_growth = 0.01;
  // Longest p95 time of one text, in seconds; 0: not judged. 0 to 3600.
  double max_p95_seconds = 0;

  // INVALID_ARGUMENT names the field, its value and its range.
  absl::Status Validate() const;
};

// Two models on the same held-out rows. The spans index into labels and have one entry a row.
struct GateRows {
  std::span<const int> truth;
  std::span<const int> live;
  std::span<const int> candidate;
  double live_calibration_error = 0;
  double candidate_calibration_error = 0;
  std::optional<double> candidate_p95_seconds;  // of one text
};

// A label whose recall the candidate loses or gains.
struct LabelChange {
  std::string label;
  std::int64_t support = 0;
  double live_recall = 0;
  double candidate_recall = 0;
  double p_value = 1;  // McNemar, mid-p, over the label's rows
};

struct GateDecision {
  GateVerdict verdict = GateVerdict::kHold;
  std::vector<std::string> reasons;  // sentences, the deciding one first
  std::int64_t rows = 0;
  double live_accuracy = 0;
  double candidate_accuracy = 0;
  std::int64_t only_live = 0;  // rows that only the live model gets right
  std::int64_t only_candidate = 0;
  McNemarResult accuracy_test;
  double live_macro_f1 = 0;  // over all labels, as in ClassificationReport
  double candidate_macro_f1 = 0;
  Interval macro_f1_difference;      // candidate − live
  std::vector<LabelChange> changes;  // labels with rows, in the labels' order
  // How many more rows of the same kind would settle a kHold; 0: more rows alone do not.
  std::int64_t rows_needed = 0;
};

// PROMOTE when there are min_rows, the macro-F1 difference is at least 0, its interval lies above
// −margin, accuracy is not significantly lower, no protected label loses recall significantly, and
// calibration and latency keep their bounds. REJECT when the whole interval lies below 0, or a
// protected label's loss is significant for as many labels as are protected (Bonferroni). Else
// HOLD. Two equal models are never rejected. A pure function: the same rows and policy give the
// same decision. INVALID_ARGUMENT: spans of different sizes, no rows, an index that is no label, an
// unknown protected label, or the policy's own.
absl::StatusOr<GateDecision> JudgeCandidate(const std::vector<std::string>& labels,
                                            const GateRows& rows, const GatePolicy& policy = {});

std::string_view NameOf(GateVerdict verdict);  // "PROMOTE", "HOLD", "REJECT"

// The decision as one JSON object.
std::string ToJson(const GateDecision& decision, bool indented = true);

}  // namespace guichet
