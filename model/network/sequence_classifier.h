#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/network/bart_config.h"
#include "model/network/padded_batch.h"

namespace guichet {

// What a classifier says of a batch, row by row.
struct ClassifierOutput {
  std::vector<float> logits;          // rows * labels
  std::vector<float> pooled;          // rows * d_model: what the head reads
  std::vector<float> encoder_states;  // rows * length * d_model
};

// The network on padded batches without torch in its interface: the reference that the serving path
// is compared with, and the maker of new models. Immutable; const calls are safe from any thread.
class SequenceClassifier {
 public:
  // INVALID_ARGUMENT names the tensor that is missing or does not fit. A missing classification
  // head is made from the seed: N(0, init_std), biases 0.
  static absl::StatusOr<SequenceClassifier> Load(const BartConfig& config,
                                                 const ModelWeights& weights, std::uint64_t seed);
  // A new model: weights N(0, init_std), biases 0, LayerNorms 1 and 0, the padding's row 0.
  static absl::StatusOr<SequenceClassifier> Initialise(const BartConfig& config,
                                                       std::uint64_t seed);
  SequenceClassifier(SequenceClassifier&&) noexcept;
  SequenceClassifier& operator=(SequenceClassifier&&) noexcept;
  ~SequenceClassifier();

  // INVALID_ARGUMENT as CheckBatch; INTERNAL when the device fails.
  absl::StatusOr<ClassifierOutput> Forward(const PaddedBatch& batch) const;

  // A copy of all parameters in memory of its own, fp32.
  ModelWeights Export() const;

 private:
  struct State;
  explicit SequenceClassifier(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace guichet
