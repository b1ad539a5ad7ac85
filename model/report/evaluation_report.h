#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "model/evaluation/abstention.h"
#include "model/evaluation/classification_report.h"
#include "model/evaluation/promotion_gate.h"
#include "model/evaluation/statistics.h"
#include "model/training/training_progress.h"

namespace guichet {

// Rows that judge a model, with its answers. Everything is borrowed.
struct JudgedRows {
  const std::vector<std::string>& labels;  // the model's, in the order of the logits
  std::span<const std::string> ids;        // of the tickets; never their text
  std::span<const int> truth;
  LogitTable logits;
  double temperature = 1;
};

// An answer that was wrong.
struct Mistake {
  std::string id;
  std::string label;   // the true one
  std::string answer;  // the model's
  double score = 0;    // its calibrated probability
};

// The figures of one model on some rows, and how sure they are.
struct Judgement {
  ClassificationReport figures;
  std::vector<JudgedAnswer> answers;
  Interval accuracy;  // 95 %, Clopper–Pearson
  Interval macro_f1;  // 95 %, bootstrap
  std::vector<CoveragePoint> coverage;
  std::vector<Mistake> worst_mistakes;  // the surest first, at most kMostMistakes
};
inline constexpr std::size_t kMostMistakes = 20;

// INVALID_ARGUMENT as ReportLogits.
absl::StatusOr<Judgement> Judge(const JudgedRows& rows);

// One of several answers to the same rows.
struct ComparedModel {
  std::string key;   // in report.json: "candidate", "live", "bag_of_words", "majority"
  std::string name;  // for people
  double accuracy = 0;
  double balanced_accuracy = 0;
  double macro_f1 = 0;
  double weighted_f1 = 0;
  double mcc = 0;
  std::optional<double> kappa;
  std::optional<double> calibration_error;
  Interval accuracy_interval;
  Interval macro_f1_interval;
};

// What the hard decisions of a model come to. Errors of ReportPredictions.
absl::StatusOr<ComparedModel> CompareDecisions(std::string key, std::string name,
                                               const std::vector<std::string>& labels,
                                               std::span<const int> truth,
                                               std::span<const int> predicted);

// Thresholds for a promised precision, one a label: chosen on the validation rows, and what they
// keep on the rows that judge.
struct PromisedPrecision {
  double promised = 0;
  std::vector<LabelThreshold> labels;  // in the labels' order
  std::int64_t fitted_rows = 0;        // validation rows, answered or not
  std::vector<AnswerCounts> kept;      // in the labels' order, on the rows that judge
};

// All there is to say of a candidate; report.json and report.html are two views of it.
struct EvaluationReport {
  std::string model;
  // "holdout": rows that nothing was chosen on; "validation": rows that also chose the epoch, the
  // temperature and the thresholds, so that the figures are somewhat too good; "data": rows of the
  // caller's.
  std::string judged_on = "validation";
  Judgement judgement;
  std::int64_t unknown_label_rows = 0;  // rows whose label the model does not have; left out
  std::optional<ClassificationReport> validation;
  double temperature = 1;
  std::optional<PromisedPrecision> promise;
  std::vector<ComparedModel> compared;     // the candidate first; empty: nothing to compare with
  std::size_t compared_labels = 0;         // of all models and rows
  std::optional<std::string> no_baseline;  // why there is none
  std::optional<GateDecision> gate;        // absent: no model was in service
  std::vector<EpochRecord> history;
  std::vector<std::pair<std::string, std::string>> provenance;  // what, and its value
};

// One a label, for the manifest; zeros where nothing is promised.
std::vector<double> ThresholdsOf(const EvaluationReport& report);

// report.json: one object, its labels as names.
std::string ToJson(const EvaluationReport& report);

// report.html: one page for people, without scripts and without anything from elsewhere.
std::string ToHtml(const EvaluationReport& report);

}  // namespace guichet
