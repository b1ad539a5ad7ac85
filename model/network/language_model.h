#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/network/bart_config.h"
#include "model/network/padded_batch.h"

namespace guichet {

// MBartForConditionalGeneration on padded batches without torch in its interface: all positions of
// the decoder at once and no cache, the reference that generation is compared with. Immutable;
// const calls are safe from any thread.
class LanguageModel {
 public:
  // INVALID_ARGUMENT names the tensor that is missing or does not fit.
  static absl::StatusOr<LanguageModel> Load(const BartConfig& config, const ModelWeights& weights);
  // A new model: weights N(0, init_std), biases 0, LayerNorms 1 and 0, the padding's row 0.
  static absl::StatusOr<LanguageModel> Initialise(const BartConfig& config, std::uint64_t seed);
  LanguageModel(LanguageModel&&) noexcept;
  LanguageModel& operator=(LanguageModel&&) noexcept;
  ~LanguageModel();

  // Logits [rows, length, vocabulary] of what follows each of `decoder_ids` [rows, length]: given
  // the labels shifted to the right, teacher forcing. INVALID_ARGUMENT as CheckRows, and for
  // decoder ids that are no rectangle, too long or outside the vocabulary; INTERNAL when the device
  // fails.
  absl::StatusOr<std::vector<float>> Logits(const PaddedBatch& batch,
                                            std::span<const TokenId> decoder_ids) const;

  // A copy of all parameters in memory of its own, fp32.
  ModelWeights Export() const;

 private:
  struct State;
  explicit LanguageModel(std::unique_ptr<const State> state);
  static absl::StatusOr<LanguageModel> Make(const BartConfig& config, const TensorMap* weights,
                                            std::uint64_t seed);
  std::unique_ptr<const State> state_;
};

}  // namespace guichet
