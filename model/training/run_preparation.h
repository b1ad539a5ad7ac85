#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/trainer.h"
#include "model/training/training_data.h"

namespace guichet {

// The examples of a run, checked and cut.
struct TrainingDatasets {
  TrainingData training;
  TrainingData validation;

  // INVALID_ARGUMENT: no training examples, or one that does not fit the model.
  static absl::StatusOr<TrainingDatasets> Make(const TrainingInputs& inputs);
};

// Says how much memory the run needs and makes sure that there is as much: a refusal is better than
// the kernel's out-of-memory killer. RESOURCE_EXHAUSTED as CheckMemory and CheckDeviceMemory.
absl::Status ReserveMemory(const TrainingInputs& inputs, const TrainingDatasets& data,
                           const std::function<void(const MemoryNotice&)>& notify,
                           bool checkpoints);

}  // namespace guichet
