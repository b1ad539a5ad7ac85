#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/finetuning/base_model.h"
#include "model/finetuning/ticket_sets.h"
#include "model/inference/text_classifier.h"
#include "model/report/evaluation_report.h"
#include "model/training/trainer.h"

namespace guichet {

// What a bundle says of the run it comes from. Everything is borrowed.
struct TrainedModel {
  const std::string& name;
  const TrainingPlan& plan;
  const TicketSets& sets;
  const BaseModel& base;
  const TrainingResult& result;
};

// The figures of a run as one JSON object: accuracy, macro_f1, seconds, tokens_per_second, …
//
// Of a job that left tickets out as near-duplicates of its hold-out also near_holdout_rows, how
// many, and near_holdout_tickets, the numbers of the first.
std::string SummaryJson(const TrainingResult& result, const DroppedTickets& near_holdout = {});

// The best weights as they will be served, before they are written. Errors of LoadTextClassifier.
absl::StatusOr<std::shared_ptr<const TextClassifier>> LoadTrainedModel(
    const TrainedModel& model, const DeviceOptions& options);

// Writes the best weights with tokenizer, labels, temperature, thresholds, provenance and both
// views of the report, as a bundle; report.json also says what share of the training texts each
// cleaning rule changed. Errors of WriteBundle.
absl::Status WriteTrainedBundle(const TrainedModel& model, const EvaluationReport& report,
                                const std::filesystem::path& folder);

}  // namespace guichet
