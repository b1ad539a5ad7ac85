#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "model/finetuning/base_model.h"
#include "model/finetuning/ticket_sets.h"
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
std::string SummaryJson(const TrainingResult& result);

// Writes the best weights with tokenizer, labels, temperature, provenance and report, as a bundle.
// Errors of WriteBundle.
absl::Status WriteTrainedBundle(const TrainedModel& model, const std::filesystem::path& folder);

}  // namespace guichet
