#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/checkpoint/parameter_names.h"
#include "model/evaluation/classification_report.h"
#include "model/network/bart_config.h"
#include "model/training/training_data.h"
#include "model/training/training_plan.h"

namespace guichet {

// Where a run stands, after an update.
struct TrainingProgress {
  int epoch = 1;  // from 1
  int epochs = 1;
  int step = 0;  // updates done
  int total_steps = 0;
  double loss = 0;          // of this update
  double running_loss = 0;  // mean of the epoch so far
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;  // of the epoch so far, padding not counted
  std::chrono::duration<double> elapsed{0};
  std::chrono::duration<double> remaining{0};  // if all epochs are run at the speed so far
};

// One pass over the training examples. The validation figures are absent without such examples.
struct EpochRecord {
  int epoch = 1;
  double training_loss = 0;  // mean over updates
  std::optional<double> validation_loss;
  std::optional<double> accuracy;
  std::optional<double> macro_f1;
  double seconds = 0;  // validation included
  double tokens_per_second = 0;
  bool best = false;  // so far
};

// Callbacks of a run, all optional, called from the thread that trains.
struct TrainingObserver {
  std::function<void(const TrainingProgress&)> on_step;
  std::function<void(const EpochRecord&)> on_epoch;
  std::function<bool()> cancelled;  // asked before every update
};

struct TrainingResult {
  ModelWeights weights;        // of the best epoch, fp32, in memory of their own
  std::string weights_sha256;  // HashWeights of them
  std::vector<EpochRecord> history;
  int best_epoch = 0;                              // from 1
  std::optional<ClassificationReport> validation;  // of the best epoch, at `temperature`
  double temperature = 1.0;                        // fitted on the validation examples
  bool stopped_early = false;
  int updates = 0;
  std::int64_t tokens = 0;             // trained on, padding not counted
  std::size_t truncated_examples = 0;  // of both sets
  double seconds = 0;
  double tokens_per_second = 0;  // of the training part
  std::string device;
};

// Trains a classifier from `base`, or from scratch when it is null. The best epoch is the one with
// the highest macro-F1 on `validation`, the last one when that is empty. The same inputs, seed and
// threads give the same weights. INVALID_ARGUMENT: plan, configuration, weights or examples do not
// fit; FAILED_PRECONDITION: no such device, or the loss is no longer a number; CANCELLED.
absl::StatusOr<TrainingResult> Train(const TrainingPlan& plan, const BartConfig& config,
                                     const ModelWeights* base,
                                     std::span<const TrainingExample> training,
                                     std::span<const TrainingExample> validation,
                                     const TrainingObserver& observer,
                                     const Clock& clock = Clock::System());

}  // namespace guichet
