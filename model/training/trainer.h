#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/checkpoint/parameter_names.h"
#include "model/evaluation/classification_report.h"
#include "model/network/bart_config.h"
#include "model/training/training_checkpoint.h"
#include "model/training/training_data.h"
#include "model/training/training_plan.h"
#include "model/training/training_progress.h"

namespace guichet {

// What a run learns from. Everything is borrowed for its length.
struct TrainingInputs {
  const TrainingPlan& plan;
  const BartConfig& config;
  const ModelWeights* base = nullptr;  // null: from scratch
  std::span<const TrainingExample> training;
  std::span<const TrainingExample> validation;  // may be empty
  // The processes that train together, each given the same inputs; null: this one alone. They give
  // the weights of one process, up to rounding, but for dropout, which differs. Process 0 alone
  // writes checkpoints; the others read them.
  ProcessGroup* peers = nullptr;
};

struct TrainingResult {
  ModelWeights weights;        // of the best epoch, fp32, in memory of their own
  std::string weights_sha256;  // HashWeights of them
  std::vector<EpochRecord> history;
  int best_epoch = 0;                              // from 1
  std::optional<ClassificationReport> validation;  // of the best epoch, at `temperature`
  double temperature = 1.0;                        // fitted on the validation examples
  std::vector<double> validation_logits;           // of the best epoch, example after example
  bool stopped_early = false;
  int updates = 0;
  std::int64_t tokens = 0;             // trained on, padding not counted
  std::size_t truncated_examples = 0;  // of both sets
  double seconds = 0;
  double tokens_per_second = 0;  // of the training part
  std::string device;
};

// Trains a classifier. The best epoch is the one with the highest macro-F1 on the validation
// examples, the last one when there are none. The same inputs, seed and threads give the same
// weights, also when the run was interrupted and resumed from its checkpoints any number of times.
// INVALID_ARGUMENT: plan, configuration, weights or examples do not fit; FAILED_PRECONDITION: no
// such device, the loss is no longer a number, or the checkpoints are another run's;
// RESOURCE_EXHAUSTED: not enough memory is free; DATA_LOSS: a damaged checkpoint;
// UNAVAILABLE: a process of the run is gone; CANCELLED;
// ABORTED: suspended, a checkpoint is written.
absl::StatusOr<TrainingResult> Train(const TrainingInputs& inputs, const TrainingObserver& observer,
                                     const CheckpointOptions& checkpoints = {},
                                     const Clock& clock = Clock::System());

}  // namespace guichet
