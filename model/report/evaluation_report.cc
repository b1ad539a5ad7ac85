#include "model/report/evaluation_report.h"

#include <algorithm>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr double kAlpha = 0.05;

Interval AccuracyInterval(const ClassificationReport& figures) {
  std::int64_t right = 0;
  for (std::size_t label = 0; label < figures.labels.size(); ++label) {
    right += figures.confusion[label][label];
  }
  return ClopperPearson(right, figures.rows, kAlpha);
}

std::vector<Mistake> WorstMistakes(const JudgedRows& rows,
                                   const std::vector<JudgedAnswer>& answers) {
  std::vector<std::size_t> wrong;
  for (std::size_t row = 0; row < answers.size(); ++row) {
    if (!answers[row].right()) wrong.push_back(row);
  }
  const std::size_t kept = std::min(wrong.size(), kMostMistakes);
  std::ranges::partial_sort(wrong, wrong.begin() + static_cast<std::ptrdiff_t>(kept), {},
                            [&](std::size_t row) { return std::pair(-answers[row].score, row); });
  wrong.resize(kept);
  std::vector<Mistake> mistakes;
  mistakes.reserve(wrong.size());
  for (const std::size_t row : wrong) {
    mistakes.push_back({.id = rows.ids[row],
                        .label = rows.labels[static_cast<std::size_t>(answers[row].truth)],
                        .answer = rows.labels[static_cast<std::size_t>(answers[row].answer)],
                        .score = answers[row].score});
  }
  return mistakes;
}

}  // namespace

absl::StatusOr<Judgement> Judge(const JudgedRows& rows) {
  if (rows.ids.size() != rows.truth.size()) {
    return absl::InvalidArgumentError("a report needs an id for each row");
  }
  ReportOptions options;
  options.temperature = rows.temperature;
  Judgement judgement;
  GUICHET_ASSIGN_OR_RETURN(judgement.figures,
                           ReportLogits(rows.labels, rows.truth, rows.logits, options));
  GUICHET_ASSIGN_OR_RETURN(judgement.answers,
                           JudgeAnswers(rows.logits, rows.truth, rows.temperature));
  std::vector<int> predicted;
  predicted.reserve(judgement.answers.size());
  for (const JudgedAnswer& answer : judgement.answers) predicted.push_back(answer.answer);
  judgement.accuracy = AccuracyInterval(judgement.figures);
  judgement.macro_f1 =
      BootstrapMacroF1(static_cast<int>(rows.labels.size()), rows.truth, predicted);
  judgement.coverage = MeasureCoverage(judgement.answers);
  judgement.worst_mistakes = WorstMistakes(rows, judgement.answers);
  return judgement;
}

absl::StatusOr<ComparedModel> CompareDecisions(std::string key, std::string name,
                                               const std::vector<std::string>& labels,
                                               std::span<const int> truth,
                                               std::span<const int> predicted) {
  GUICHET_ASSIGN_OR_RETURN(const ClassificationReport figures,
                           ReportPredictions(labels, truth, predicted));
  ComparedModel model;
  model.key = std::move(key);
  model.name = std::move(name);
  model.accuracy = figures.accuracy;
  model.balanced_accuracy = figures.balanced_accuracy;
  model.macro_f1 = figures.macro.f1;
  model.weighted_f1 = figures.weighted.f1;
  model.mcc = figures.mcc;
  model.kappa = figures.kappa;
  model.accuracy_interval = AccuracyInterval(figures);
  model.macro_f1_interval = BootstrapMacroF1(static_cast<int>(labels.size()), truth, predicted);
  return model;
}

std::vector<double> ThresholdsOf(const EvaluationReport& report) {
  if (!report.promise) return std::vector<double>(report.judgement.figures.labels.size(), 0.0);
  std::vector<double> thresholds;
  for (const LabelThreshold& label : report.promise->labels) thresholds.push_back(label.threshold);
  return thresholds;
}

}  // namespace guichet
