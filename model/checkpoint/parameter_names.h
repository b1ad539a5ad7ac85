#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/checkpoint.h"
#include "model/network/bart_config.h"

namespace guichet {

// The weights of one mBART model under Hugging Face's full names, every alias and key variant
// resolved and every shape checked against the configuration:
//   model.shared.weight                                     [vocab, d]      always
//   model.encoder.{embed_positions.weight, layernorm_embedding.*, layers.N.…, layer_norm.*} always
//   model.decoder.{…}                                       when has_decoder
//   classification_head.{dense,out_proj}.{weight,bias}      when has_classification_head
//   lm_head.weight, final_logits_bias                       when has_lm_head (lm_head.weight is
//   model.shared.weight if tied)
// With tie_word_embeddings false, model.{encoder,decoder}.embed_tokens.weight are kept beside
// model.shared.weight.
struct ModelWeights {
  std::shared_ptr<const Checkpoint> storage;  // keeps the views alive
  TensorMap tensors;
  bool has_decoder = false;
  bool has_classification_head = false;
  bool has_lm_head = false;
  std::vector<std::string> warnings;  // e.g. differing copies of the tied word matrix
};

// INVALID_ARGUMENT names the first tensor that is missing, unexpected or of another shape or type,
// or not finite, and says what was expected.
absl::StatusOr<ModelWeights> ResolveParameterNames(std::shared_ptr<const Checkpoint> checkpoint,
                                                   const BartConfig& config);

}  // namespace guichet
