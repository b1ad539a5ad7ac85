#include "model/evaluation/classification_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

// Row sums, column sums and diagonal of a confusion matrix.
struct Margins {
  std::vector<double> truth;
  std::vector<double> predicted;
  std::vector<double> correct;
  double rows = 0;

  explicit Margins(const std::vector<std::vector<std::int64_t>>& confusion)
      : truth(confusion.size()), predicted(confusion.size()), correct(confusion.size()) {
    for (size_t i = 0; i < confusion.size(); ++i) {
      for (size_t j = 0; j < confusion.size(); ++j) {
        const auto count = static_cast<double>(confusion[i][j]);
        truth[i] += count;
        predicted[j] += count;
        rows += count;
        if (i == j) correct[i] = count;
      }
    }
  }
};

double F1(double correct, double truth, double predicted) {
  return Ratio(2 * correct, truth + predicted);
}

void AddLabelScores(const Margins& margins, ClassificationReport& report) {
  const auto labels = static_cast<double>(report.labels.size());
  double present_f1 = 0;
  double present_recall = 0;
  int in_truth = 0;
  for (size_t i = 0; i < report.labels.size(); ++i) {
    const PrecisionRecall scores = {Ratio(margins.correct[i], margins.predicted[i]),
                                    Ratio(margins.correct[i], margins.truth[i]),
                                    F1(margins.correct[i], margins.truth[i], margins.predicted[i])};
    report.per_label.push_back({scores, static_cast<std::int64_t>(margins.truth[i])});
    const double weight = margins.truth[i] / margins.rows;
    report.macro.precision += scores.precision / labels;
    report.macro.recall += scores.recall / labels;
    report.macro.f1 += scores.f1 / labels;
    report.weighted.precision += scores.precision * weight;
    report.weighted.recall += scores.recall * weight;
    report.weighted.f1 += scores.f1 * weight;
    if (margins.truth[i] > 0) {
      ++in_truth;
      present_recall += scores.recall;
    }
    if (margins.truth[i] > 0 || margins.predicted[i] > 0) {
      report.present_labels.push_back(static_cast<int>(i));
      present_f1 += scores.f1;
    }
  }
  report.balanced_accuracy = Ratio(present_recall, in_truth);
  report.macro_f1_present = Ratio(present_f1, static_cast<double>(report.present_labels.size()));
}

// Multi-class Matthews correlation (Gorodkin 2004) and Cohen's kappa (1960).
void AddAgreement(const Margins& margins, ClassificationReport& report) {
  double agreement = 0;
  double by_chance = 0;
  double truth_squares = 0;
  double predicted_squares = 0;
  for (size_t i = 0; i < margins.truth.size(); ++i) {
    agreement += margins.correct[i];
    by_chance += margins.truth[i] * margins.predicted[i];
    truth_squares += margins.truth[i] * margins.truth[i];
    predicted_squares += margins.predicted[i] * margins.predicted[i];
  }
  const double squared = margins.rows * margins.rows;
  const double covariance = agreement * margins.rows - by_chance;
  const double spread = (squared - truth_squares) * (squared - predicted_squares);
  report.mcc = spread > 0 ? covariance / std::sqrt(spread) : 0;
  if (squared > by_chance) report.kappa = covariance / (squared - by_chance);
  report.accuracy = agreement / margins.rows;
  // Every row has one prediction, so these three are one number.
  report.micro = {report.accuracy, report.accuracy, report.accuracy};
}

absl::Status CheckPredictions(const std::vector<std::string>& labels, std::span<const int> truth,
                              std::span<const int> predicted) {
  if (truth.empty() || truth.size() != predicted.size()) {
    return absl::InvalidArgumentError(
        fmt::format("a report needs one prediction for each row and at least one row; got {} rows "
                    "and {} predictions",
                    truth.size(), predicted.size()));
  }
  const int count = static_cast<int>(labels.size());
  for (size_t i = 0; i < truth.size(); ++i) {
    for (const int label : {truth[i], predicted[i]}) {
      if (label < 0 || label >= count) {
        return absl::InvalidArgumentError(
            fmt::format("row {}: label {} is not in [0, {})", i, label, count));
      }
    }
  }
  return absl::OkStatus();
}

ProbabilityScores ScoreProbabilities(std::span<const int> truth, const LogitTable& logits,
                                     const ReportOptions& options) {
  ProbabilityScores scores;
  std::vector<double> confidences(truth.size());
  std::vector<bool> correct(truth.size());
  std::vector<std::int64_t> rows_of_rank(static_cast<size_t>(logits.label_count));
  std::vector<double> p(static_cast<size_t>(logits.label_count));
  const auto rows = static_cast<double>(truth.size());
  for (size_t i = 0; i < truth.size(); ++i) {
    const auto row = logits.row(i);
    const auto label = static_cast<size_t>(truth[i]);
    Softmax(row, options.temperature, p);
    const auto best = static_cast<size_t>(LargestIndex(row));
    confidences[i] = p[best];
    correct[i] = best == label;
    ++rows_of_rank[static_cast<size_t>(
        std::ranges::count_if(row, [&](double logit) { return logit > row[label]; }))];
    scores.nll += NegativeLogProbability(row, options.temperature, truth[i]) / rows;
    p[label] -= 1;
    scores.brier += std::inner_product(p.begin(), p.end(), p.begin(), 0.0) / rows;
  }
  for (const int k : options.top_k) {
    if (k > logits.label_count) continue;
    const auto within =
        std::accumulate(rows_of_rank.begin(), rows_of_rank.begin() + k, std::int64_t{0});
    scores.top_k.emplace_back(k, static_cast<double>(within) / rows);
  }
  CalibrationError error = MeasureCalibration(confidences, correct, options.reliability_bins);
  scores.expected_calibration_error = error.expected;
  scores.maximum_calibration_error = error.maximum;
  scores.reliability = std::move(error.bins);
  return scores;
}

}  // namespace

absl::Status ReportOptions::Validate() const {
  if (reliability_bins < 1 || reliability_bins > 1000) {
    return absl::InvalidArgumentError(
        fmt::format("reliability_bins must be in [1, 1000], not {}", reliability_bins));
  }
  if (!(temperature > 0) || !std::isfinite(temperature)) {
    return absl::InvalidArgumentError(
        fmt::format("temperature must be above 0 and finite, not {}", temperature));
  }
  for (const int k : top_k) {
    if (k < 1)
      return absl::InvalidArgumentError(fmt::format("top_k must be at least 1, not {}", k));
  }
  return absl::OkStatus();
}

CalibrationError MeasureCalibration(std::span<const double> confidences,
                                    const std::vector<bool>& correct, int bins) {
  std::vector<size_t> order(confidences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t row) { return std::pair(confidences[row], row); });
  CalibrationError error;
  const size_t groups = static_cast<size_t>(bins);
  const auto rows = static_cast<double>(order.size());
  for (size_t group = 0, begin = 0; group < groups && begin < order.size(); ++group) {
    const size_t size = order.size() / groups + (group < order.size() % groups ? 1 : 0);
    ReliabilityBin bin;
    bin.rows = static_cast<std::int64_t>(size);
    for (size_t i = begin; i < begin + size; ++i) {
      bin.confidence += confidences[order[i]] / static_cast<double>(size);
      if (correct[order[i]]) bin.accuracy += 1 / static_cast<double>(size);
    }
    bin.low = confidences[order[begin]];
    bin.high = confidences[order[begin + size - 1]];
    const double gap = std::abs(bin.accuracy - bin.confidence);
    error.expected += static_cast<double>(size) / rows * gap;
    error.maximum = std::max(error.maximum, gap);
    error.bins.push_back(bin);
    begin += size;
  }
  return error;
}

absl::StatusOr<ClassificationReport> ReportPredictions(const std::vector<std::string>& labels,
                                                       std::span<const int> truth,
                                                       std::span<const int> predicted) {
  GUICHET_RETURN_IF_ERROR(CheckPredictions(labels, truth, predicted));
  ClassificationReport report;
  report.labels = labels;
  report.rows = static_cast<std::int64_t>(truth.size());
  report.confusion.assign(labels.size(), std::vector<std::int64_t>(labels.size()));
  for (size_t i = 0; i < truth.size(); ++i) {
    ++report.confusion[static_cast<size_t>(truth[i])][static_cast<size_t>(predicted[i])];
  }
  const Margins margins(report.confusion);
  AddLabelScores(margins, report);
  AddAgreement(margins, report);
  return report;
}

absl::StatusOr<ClassificationReport> ReportLogits(const std::vector<std::string>& labels,
                                                  std::span<const int> truth,
                                                  const LogitTable& logits,
                                                  const ReportOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  GUICHET_RETURN_IF_ERROR(CheckLogits(logits, truth));
  if (labels.size() != static_cast<size_t>(logits.label_count)) {
    return absl::InvalidArgumentError(
        fmt::format("{} label names for logits of {} labels", labels.size(), logits.label_count));
  }
  std::vector<int> predicted(truth.size());
  for (size_t i = 0; i < truth.size(); ++i) predicted[i] = LargestIndex(logits.row(i));
  GUICHET_ASSIGN_OR_RETURN(ClassificationReport report,
                           ReportPredictions(labels, truth, predicted));
  report.probabilities = ScoreProbabilities(truth, logits, options);
  return report;
}

}  // namespace guichet
