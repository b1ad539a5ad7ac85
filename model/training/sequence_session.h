#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/network/bart_config.h"
#include "model/network/padded_batch.h"
#include "model/training/training_plan.h"
#include "model/training/training_session.h"

namespace guichet {

// What is read and what is to be written, row by row; both with their masks, <s> … </s>.
struct SequenceBatch {
  PaddedBatch source;
  PaddedBatch target;
};

struct SequenceLoss {
  double sum = 0;           // of −log p(token) over the targets, nats
  std::int64_t tokens = 0;  // of the targets, padding not counted
};

// An MBartForConditionalGeneration under training, by teacher forcing: forward, backward, clipping,
// AdamW. torch ends behind this interface. Of the plan it reads AdamW's fields, weight_decay,
// clip_norm, the dropouts, seed, threads, device and precision. As with a TrainingSession, one at a
// time, from one thread.
class SequenceSession {
 public:
  // From `base`, or from the plan's seed when it is null. INVALID_ARGUMENT: a plan, configuration
  // or weights that do not fit; FAILED_PRECONDITION: no such device.
  static absl::StatusOr<std::unique_ptr<SequenceSession>> Create(const BartConfig& config,
                                                                 const ModelWeights* base,
                                                                 const TrainingPlan& plan);
  virtual ~SequenceSession() = default;

  // One update from one or several micro-batches, of the mean loss over all their target tokens.
  // INVALID_ARGUMENT as CheckRows; FAILED_PRECONDITION when loss or gradient is no longer a number.
  virtual absl::StatusOr<StepResult> Step(std::span<const SequenceBatch> micro_batches,
                                          double learning_rate) = 0;

  // Without dropout, nothing learnt.
  virtual absl::StatusOr<SequenceLoss> Loss(const SequenceBatch& batch) = 0;

  // The likeliest next token again and again, from </s> on until </s> or `max_length` tokens; the
  // first </s> left out. For samples to look at: nothing is kept from step to step.
  virtual absl::StatusOr<std::vector<std::vector<TokenId>>> Greedy(const PaddedBatch& source,
                                                                   int max_length) = 0;

  // A copy of all parameters, fp32.
  virtual absl::StatusOr<ModelWeights> Export() = 0;

  // The state as a copy, and back. Restore: INVALID_ARGUMENT when the state is of another model or
  // plan.
  virtual absl::StatusOr<SessionState> Save() = 0;
  virtual absl::Status Restore(const SessionState& state) = 0;

  virtual std::string_view device() const = 0;  // "cpu", "cuda:0"
};

}  // namespace guichet
