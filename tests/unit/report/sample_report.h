#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "model/report/evaluation_report.h"

namespace guichet {

// Rows of a made-up model of these labels: right nine times in ten, surer when right.
struct SampleRows {
  std::vector<std::string> ids;
  std::vector<int> truth;
  std::vector<double> logits;
};

inline SampleRows MakeSampleRows(int labels, int rows, std::uint64_t seed) {
  Random random(seed);
  SampleRows sample;
  for (int row = 0; row < rows; ++row) {
    const int truth = static_cast<int>(random.Below(static_cast<std::uint64_t>(labels)));
    const int answer = random.Chance(0.9) ? truth : (truth + 1) % labels;
    sample.ids.push_back("INC-" + std::to_string(1000 + row));
    sample.truth.push_back(truth);
    for (int label = 0; label < labels; ++label) {
      const double best = answer == truth ? 5.0 : 2.5;
      sample.logits.push_back((label == answer ? best : 0.0) + random.Uniform());
    }
  }
  return sample;
}

// A whole report of a candidate on held-out rows, everything in it.
inline EvaluationReport SampleReport(const std::vector<std::string>& labels) {
  const int count = static_cast<int>(labels.size());
  const SampleRows sample = MakeSampleRows(count, 60 * count, 1);
  EvaluationReport report;
  report.model = "tickets";
  report.judged_on = "holdout";
  report.judgement = Judge({.labels = labels,
                            .ids = sample.ids,
                            .truth = sample.truth,
                            .logits = {sample.logits, count},
                            .temperature = 1.2})
                         .value();
  report.validation = report.judgement.figures;
  report.temperature = 1.2;
  PromisedPrecision promise;
  promise.promised = 0.9;
  promise.labels = ChooseThresholds(report.judgement.answers, count, promise.promised);
  promise.labels.back() = {};  // one that cannot keep it
  promise.fitted_rows = report.judgement.figures.rows;
  report.promise = std::move(promise);
  report.promise->kept = CountAnswers(report.judgement.answers, ThresholdsOf(report));
  std::vector<int> answers;
  for (const JudgedAnswer& answer : report.judgement.answers) answers.push_back(answer.answer);
  report.compared_labels = labels.size();
  for (const auto& [key, name] :
       {std::pair("candidate", "candidate"), std::pair("live", "in service (tickets)")}) {
    report.compared.push_back(CompareDecisions(key, name, labels, sample.truth, answers).value());
  }
  report.gate = JudgeCandidate(labels, {.truth = sample.truth,
                                        .live = answers,
                                        .candidate = answers,
                                        .candidate_p95_seconds = {}})
                    .value();
  for (int epoch = 1; epoch <= 3; ++epoch) {
    report.history.push_back({.epoch = epoch,
                              .training_loss = 2.0 / epoch,
                              .validation_loss = 1.8 / epoch,
                              .accuracy = 0.6 + 0.1 * epoch,
                              .macro_f1 = 0.5 + 0.1 * epoch,
                              .seconds = 1,
                              .best = epoch == 3});
  }
  report.provenance = {{"training rows", "480"}, {"plan", "epochs: 3\nseed: 42\n"}};
  return report;
}

}  // namespace guichet
