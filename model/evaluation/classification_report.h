#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/evaluation/logit_table.h"

namespace guichet {

struct PrecisionRecall {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

struct LabelScores {
  PrecisionRecall scores;
  std::int64_t support = 0;  // rows that bear this label
};

// One group of rows of similar confidence.
struct ReliabilityBin {
  std::int64_t rows = 0;
  double confidence = 0;  // mean
  double accuracy = 0;
  double low = 0;  // smallest and largest confidence
  double high = 0;
};

// How good the probabilities are, not only the decisions.
struct ProbabilityScores {
  std::vector<std::pair<int, double>> top_k;  // (k, share of rows whose truth is among the k best)
  double nll = 0;                             // mean −log p(truth)
  double brier = 0;                           // mean Σ_k (p_k − [k = truth])²
  double expected_calibration_error = 0;
  double maximum_calibration_error = 0;
  std::vector<ReliabilityBin> reliability;
};

// Figures of scikit-learn's classification metrics, with 0/0 = 0 for precision, recall and F1.
struct ClassificationReport {
  std::vector<std::string> labels;
  std::int64_t rows = 0;
  std::vector<std::vector<std::int64_t>> confusion;  // [truth][prediction]
  double accuracy = 0;
  double balanced_accuracy = 0;  // mean recall over the labels present in the truth
  double mcc = 0;                // Matthews correlation; 0 where undefined
  std::optional<double> kappa;   // Cohen's; absent where it is 0/0
  std::vector<LabelScores> per_label;
  PrecisionRecall macro;
  PrecisionRecall micro;
  PrecisionRecall weighted;         // by support
  std::vector<int> present_labels;  // seen in the truth or the predictions
  double macro_f1_present = 0;      // mean F1 of those alone
  std::optional<ProbabilityScores> probabilities;
};

struct ReportOptions {
  // Groups of equal size for the calibration error; in [1, 1000].
  int reliability_bins = 15;
  // Each at least 1; those above the number of labels are left out.
  std::vector<int> top_k = {1, 2, 3};
  // Probabilities are softmax(logits / temperature); above 0.
  double temperature = 1;

  absl::Status Validate() const;
};

// The report of hard decisions. truth and predicted index into labels.
absl::StatusOr<ClassificationReport> ReportPredictions(const std::vector<std::string>& labels,
                                                       std::span<const int> truth,
                                                       std::span<const int> predicted);

// The same with the largest logit as the decision, and the quality of the probabilities.
absl::StatusOr<ClassificationReport> ReportLogits(const std::vector<std::string>& labels,
                                                  std::span<const int> truth,
                                                  const LogitTable& logits,
                                                  const ReportOptions& options = {});

// The calibration part alone: rows sorted by confidence (ties in row order) and cut into
// consecutive groups, the first (rows mod bins) of them one row larger; empty groups dropped.
struct CalibrationError {
  double expected = 0;  // Σ share of rows · |accuracy − mean confidence|
  double maximum = 0;
  std::vector<ReliabilityBin> bins;
};
CalibrationError MeasureCalibration(std::span<const double> confidences,
                                    const std::vector<bool>& correct, int bins);

// The report as one JSON object, its labels as names; two spaces of indentation if asked for.
std::string ToJson(const ClassificationReport& report, bool indented = true);

}  // namespace guichet
