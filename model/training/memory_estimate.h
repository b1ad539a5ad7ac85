#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "model/network/bart_config.h"
#include "model/training/training_plan.h"

namespace guichet {

// What decides beside plan and model how much memory a run takes.
struct MemoryLoad {
  std::int64_t words = 0;         // rows of the word matrix that the run holds
  std::int64_t batch_tokens = 0;  // of its largest batch, padding included
  std::int64_t longest = 0;       // tokens of its longest text
  bool from_scratch = false;      // the first weights are in memory, not in a file
  bool checkpoints = false;
};

// The most bytes that a run takes at a time beyond the process that it runs in, all in fp32.
struct MemoryEstimate {
  std::int64_t weights = 0;      // of the network
  std::int64_t learning = 0;     // gradients, moments, averages
  std::int64_t activations = 0;  // of the largest batch, forward and backward
  std::int64_t copies = 0;       // of first and best weights, and of what a checkpoint writes
  std::int64_t trained_parameters = 0;

  std::int64_t Total() const { return weights + learning + activations + copies; }
  // Of a GPU's memory; the copies stay in the machine's.
  std::int64_t OnDevice() const { return weights + learning + activations; }
};

// Counted from the tensors' shapes; the activations are held to measurements by a test.
MemoryEstimate EstimateMemory(const BartConfig& config, const TrainingPlan& plan,
                              const MemoryLoad& load);

// RESOURCE_EXHAUSTED, with what is needed, what is free, and what to change, when the estimate is
// above `free_bytes`.
absl::Status CheckMemory(const MemoryEstimate& estimate, const TrainingPlan& plan,
                         std::int64_t free_bytes);

// The same for a GPU, whose memory running out is an error like others and kills nothing: refuses
// what cannot go well, weights and what learning keeps alone above `free_bytes`.
absl::Status CheckDeviceMemory(const MemoryEstimate& estimate, const TrainingPlan& plan,
                               std::int64_t free_bytes);

}  // namespace guichet
