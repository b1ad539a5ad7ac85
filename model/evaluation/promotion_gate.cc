#include "model/evaluation/promotion_gate.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

absl::Status CheckRange(std::string_view field, double value, double low, double high,
                        bool low_counts, bool high_counts) {
  const bool above = low_counts ? value >= low : value > low;
  const bool below = high_counts ? value <= high : value < high;
  if (above && below) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("gate {}: {} is not {} {} to {}{}", field, value,
                                                low_counts ? "from" : "above", low,
                                                high_counts ? "" : "below ", high));
}

absl::Status CheckRows(const std::vector<std::string>& labels, const GateRows& rows,
                       const GatePolicy& policy) {
  if (rows.truth.empty()) {
    return absl::InvalidArgumentError("gate: no held-out rows; hold out at least one");
  }
  if (rows.live.size() != rows.truth.size() || rows.candidate.size() != rows.truth.size()) {
    return absl::InvalidArgumentError(
        fmt::format("gate: {} rows, {} predictions of the live model and {} of the candidate",
                    rows.truth.size(), rows.live.size(), rows.candidate.size()));
  }
  for (const auto indexes : {rows.truth, rows.live, rows.candidate}) {
    for (const int index : indexes) {
      if (index >= 0 && static_cast<size_t>(index) < labels.size()) continue;
      return absl::InvalidArgumentError(
          fmt::format("gate: {} is no index of {} labels", index, labels.size()));
    }
  }
  for (const std::string& label : policy.protected_labels) {
    if (std::ranges::find(labels, label) != labels.end()) continue;
    return absl::InvalidArgumentError(
        fmt::format("gate protected_labels: '{}' is none of the models' labels; "
                    "correct or remove it",
                    label));
  }
  return absl::OkStatus();
}

// Rows of one label, by who is right.
struct LabelCounts {
  std::int64_t truth = 0;
  std::int64_t live = 0;  // predictions of it
  std::int64_t candidate = 0;
  std::int64_t live_right = 0;
  std::int64_t candidate_right = 0;
  std::int64_t both_right = 0;
};

// Both models' answers, counted label by label.
class PairedCounts {
 public:
  explicit PairedCounts(size_t labels) : counts_(labels) {}

  void Clear() { std::ranges::fill(counts_, LabelCounts{}); }

  void Add(const GateRows& rows, size_t row) {
    LabelCounts& of_truth = counts_[static_cast<size_t>(rows.truth[row])];
    const int live_right = rows.live[row] == rows.truth[row] ? 1 : 0;
    const int candidate_right = rows.candidate[row] == rows.truth[row] ? 1 : 0;
    ++of_truth.truth;
    of_truth.live_right += live_right;
    of_truth.candidate_right += candidate_right;
    of_truth.both_right += std::min(live_right, candidate_right);
    ++counts_[static_cast<size_t>(rows.live[row])].live;
    ++counts_[static_cast<size_t>(rows.candidate[row])].candidate;
  }

  const std::vector<LabelCounts>& labels() const { return counts_; }

  double LiveMacroF1() const {
    return Mean([](const LabelCounts& c) { return F1(c.live_right, c.truth, c.live); });
  }
  double CandidateMacroF1() const {
    return Mean([](const LabelCounts& c) { return F1(c.candidate_right, c.truth, c.candidate); });
  }

 private:
  static double F1(std::int64_t right, std::int64_t truth, std::int64_t predicted) {
    const auto whole = static_cast<double>(truth + predicted);
    return whole > 0 ? 2.0 * static_cast<double>(right) / whole : 0.0;
  }

  template <typename Score>
  double Mean(const Score& score) const {
    double sum = 0;
    for (const LabelCounts& counts : counts_) sum += score(counts);
    return sum / static_cast<double>(counts_.size());
  }

  std::vector<LabelCounts> counts_;
};

// The percentile interval of the macro-F1 difference over paired resamples (Efron 1979).
Interval BootstrapDifference(size_t labels, const GateRows& rows, const GatePolicy& policy) {
  Random random(policy.seed);
  PairedCounts counts(labels);
  std::vector<double> differences;
  for (int resample = 0; resample < policy.resamples; ++resample) {
    counts.Clear();
    for (size_t i = 0; i < rows.truth.size(); ++i) {
      counts.Add(rows, static_cast<size_t>(random.Below(rows.truth.size())));
    }
    differences.push_back(counts.CandidateMacroF1() - counts.LiveMacroF1());
  }
  std::ranges::sort(differences);
  const double tail = (1.0 - policy.confidence) / 2.0;
  return {Quantile(differences, tail), Quantile(differences, 1.0 - tail)};
}

std::vector<LabelChange> CompareLabels(const std::vector<std::string>& labels,
                                       const PairedCounts& counts) {
  std::vector<LabelChange> changes;
  for (size_t label = 0; label < labels.size(); ++label) {
    const LabelCounts& c = counts.labels()[label];
    if (c.truth == 0) continue;
    const auto support = static_cast<double>(c.truth);
    changes.push_back(
        {labels[label], c.truth, static_cast<double>(c.live_right) / support,
         static_cast<double>(c.candidate_right) / support,
         McNemarTest(c.live_right - c.both_right, c.candidate_right - c.both_right).mid_p});
  }
  return changes;
}

// Accuracies and the rows that exactly one model gets right.
void CompareAccuracy(const PairedCounts& counts, GateDecision& decision) {
  std::int64_t live_right = 0;
  std::int64_t candidate_right = 0;
  for (const LabelCounts& c : counts.labels()) {
    live_right += c.live_right;
    candidate_right += c.candidate_right;
    decision.only_live += c.live_right - c.both_right;
    decision.only_candidate += c.candidate_right - c.both_right;
  }
  const auto rows = static_cast<double>(decision.rows);
  decision.live_accuracy = static_cast<double>(live_right) / rows;
  decision.candidate_accuracy = static_cast<double>(candidate_right) / rows;
  decision.accuracy_test = McNemarTest(decision.only_live, decision.only_candidate);
}

double Points(double share) { return 100.0 * share; }

// Collects what speaks against the candidate.
class Judgement {
 public:
  Judgement(const GatePolicy& policy, GateDecision& decision)
      : policy_(policy), decision_(decision) {}

  void JudgeRows() {
    if (decision_.rows >= policy_.min_rows) return;
    HoldForRows(fmt::format("{} held-out rows; {} are the least to decide on", decision_.rows,
                            policy_.min_rows));
  }

  void JudgeMacroF1() {
    const double difference = decision_.candidate_macro_f1 - decision_.live_macro_f1;
    const Interval& interval = decision_.macro_f1_difference;
    const std::string figures =
        fmt::format("macro-F1 changes by {:+.2f} points, {:.0f} % interval {:+.2f} to {:+.2f}",
                    Points(difference), Points(policy_.confidence), Points(interval.low),
                    Points(interval.high));
    if (interval.high < 0) {
      Reject(figures + ": worse");
    } else if (difference < 0) {
      HoldForRows(figures + ": not better, and not enough evidence that it is worse");
    } else if (interval.low <= -policy_.margin) {
      HoldForRows(fmt::format("{}: not enough evidence that it loses less than {:.2f} points",
                              figures, Points(policy_.margin)));
    } else {
      remarks_.push_back(figures);
    }
  }

  void JudgeAccuracy() {
    if (decision_.only_live > decision_.only_candidate &&
        decision_.accuracy_test.mid_p < policy_.alpha) {
      Hold(fmt::format("accuracy falls from {:.2f} % to {:.2f} % (McNemar mid-p {:.3g})",
                       Points(decision_.live_accuracy), Points(decision_.candidate_accuracy),
                       decision_.accuracy_test.mid_p));
    }
  }

  void JudgeLabels() {
    const auto compared = std::ranges::count_if(
        decision_.changes, [this](const auto& c) { return Protected(c.label); });
    const double corrected =
        policy_.alpha / static_cast<double>(std::max<std::int64_t>(1, compared));
    for (const LabelChange& change : decision_.changes) {
      const double loss = change.live_recall - change.candidate_recall;
      if (!Protected(change.label) || loss <= policy_.max_recall_loss) continue;
      if (change.p_value >= policy_.alpha) continue;
      const std::string figures = fmt::format(
          "recall of '{}' falls from {:.1f} % to {:.1f} % on {} rows (McNemar mid-p {:.3g})",
          change.label, Points(change.live_recall), Points(change.candidate_recall), change.support,
          change.p_value);
      change.p_value < corrected ? Reject(figures) : Hold(figures);
    }
  }

  void JudgeCalibration(const GateRows& rows) {
    const double growth = rows.candidate_calibration_error - rows.live_calibration_error;
    if (growth <= policy_.max_calibration_growth) return;
    Hold(fmt::format("calibration error grows from {:.4f} to {:.4f}, by more than {}",
                     rows.live_calibration_error, rows.candidate_calibration_error,
                     policy_.max_calibration_growth));
  }

  void JudgeLatency(const GateRows& rows) {
    if (policy_.max_p95_seconds <= 0 || !rows.candidate_p95_seconds) return;
    if (*rows.candidate_p95_seconds <= policy_.max_p95_seconds) return;
    Hold(fmt::format("p95 of one text is {:.1f} ms, above the budget of {:.1f} ms",
                     1e3 * *rows.candidate_p95_seconds, 1e3 * policy_.max_p95_seconds));
  }

  void Conclude() {
    std::vector<std::string>& reasons = decision_.reasons;
    reasons = rejections_;
    reasons.insert(reasons.end(), holds_.begin(), holds_.end());
    reasons.insert(reasons.end(), remarks_.begin(), remarks_.end());
    if (!rejections_.empty()) {
      decision_.verdict = GateVerdict::kReject;
    } else if (holds_.empty()) {
      decision_.verdict = GateVerdict::kPromote;
    } else if (holds_for_rows_ == holds_.size()) {
      decision_.rows_needed = RowsNeeded();
    }
    if (decision_.rows_needed > 0) {
      reasons.push_back(
          fmt::format("about {} more held-out rows would settle it", decision_.rows_needed));
    }
  }

 private:
  bool Protected(const std::string& label) const {
    return policy_.protected_labels.empty() ||
           std::ranges::find(policy_.protected_labels, label) != policy_.protected_labels.end();
  }

  // The interval narrows with the root of the rows: how many more until it clears the bound that
  // its middle points to, −margin for a gain and 0 for a loss.
  std::int64_t RowsNeeded() const {
    const Interval& interval = decision_.macro_f1_difference;
    const double difference = decision_.candidate_macro_f1 - decision_.live_macro_f1;
    const double half_width =
        difference < 0 ? interval.high - difference : difference - interval.low;
    const double room = difference < 0 ? -difference : difference + policy_.margin;
    const std::int64_t missing = std::max<std::int64_t>(0, policy_.min_rows - decision_.rows);
    if (room <= 0) return missing;  // margin 0 and no difference: no number of rows tells
    const double factor = std::pow(half_width / room, 2) - 1.0;
    const double more = std::ceil(factor * static_cast<double>(decision_.rows));
    constexpr double kMost = 1e12;
    return std::max({missing, std::int64_t{1}, static_cast<std::int64_t>(std::min(more, kMost))});
  }

  void Reject(const std::string& reason) { rejections_.push_back(reason); }
  void Hold(const std::string& reason) { holds_.push_back(reason); }
  // More rows alone would settle this one.
  void HoldForRows(const std::string& reason) {
    holds_.push_back(reason);
    ++holds_for_rows_;
  }

  const GatePolicy& policy_;
  GateDecision& decision_;
  // Sentences by what they decide; remarks decide nothing.
  std::vector<std::string> rejections_;
  std::vector<std::string> holds_;
  std::vector<std::string> remarks_;
  std::size_t holds_for_rows_ = 0;
};

}  // namespace

absl::Status GatePolicy::Validate() const {
  GUICHET_RETURN_IF_ERROR(CheckRange("min_rows", min_rows, 1, 1'000'000, true, true));
  GUICHET_RETURN_IF_ERROR(CheckRange("margin", margin, 0, 1, true, true));
  GUICHET_RETURN_IF_ERROR(CheckRange("confidence", confidence, 0, 1, false, false));
  GUICHET_RETURN_IF_ERROR(CheckRange("resamples", resamples, 100, 1'000'000, true, true));
  GUICHET_RETURN_IF_ERROR(CheckRange("max_recall_loss", max_recall_loss, 0, 1, true, true));
  GUICHET_RETURN_IF_ERROR(CheckRange("alpha", alpha, 0, 1, false, false));
  GUICHET_RETURN_IF_ERROR(
      CheckRange("max_calibration_growth", max_calibration_growth, 0, 1, true, true));
  return CheckRange("max_p95_seconds", max_p95_seconds, 0, 3600, true, true);
}

absl::StatusOr<GateDecision> JudgeCandidate(const std::vector<std::string>& labels,
                                            const GateRows& rows, const GatePolicy& policy) {
  GUICHET_RETURN_IF_ERROR(policy.Validate());
  GUICHET_RETURN_IF_ERROR(CheckRows(labels, rows, policy));
  GateDecision decision;
  decision.rows = static_cast<std::int64_t>(rows.truth.size());
  PairedCounts counts(labels.size());
  for (size_t row = 0; row < rows.truth.size(); ++row) counts.Add(rows, row);
  CompareAccuracy(counts, decision);
  decision.live_macro_f1 = counts.LiveMacroF1();
  decision.candidate_macro_f1 = counts.CandidateMacroF1();
  decision.macro_f1_difference = BootstrapDifference(labels.size(), rows, policy);
  decision.changes = CompareLabels(labels, counts);

  Judgement judgement(policy, decision);
  judgement.JudgeRows();
  judgement.JudgeMacroF1();
  judgement.JudgeAccuracy();
  judgement.JudgeLabels();
  judgement.JudgeCalibration(rows);
  judgement.JudgeLatency(rows);
  judgement.Conclude();
  return decision;
}

std::string_view NameOf(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::kPromote:
      return "PROMOTE";
    case GateVerdict::kReject:
      return "REJECT";
    case GateVerdict::kHold:
      break;
  }
  return "HOLD";
}

}  // namespace guichet
