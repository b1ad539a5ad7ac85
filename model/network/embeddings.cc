#include "model/network/embeddings.h"

#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>

namespace guichet {

Embeddings::Embeddings(ParameterFactory& factory, const std::string& prefix,
                       const BartConfig& config, at::Tensor words)
    : words_(std::move(words)),
      positions_(factory.Make(prefix + "embed_positions.weight",
                              {config.max_position_embeddings + 2, config.d_model},
                              Initialisation::kNormal)),
      norm_(factory, prefix + "layernorm_embedding", config.d_model),
      scale_(config.scale_embedding ? std::sqrt(static_cast<double>(config.d_model)) : 1.0),
      dropout_(config.dropout),
      padding_(config.pad_token_id) {}

at::Tensor Embeddings::Forward(const at::Tensor& ids, const ForwardMode& mode) const {
  // With its index given, the padding's row gets no gradient, as in torch.nn.Embedding.
  at::Tensor hidden = at::embedding(words_, ids, padding_);
  if (scale_ != 1.0) hidden = hidden * scale_;
  hidden = hidden + positions_.narrow(0, 2, ids.size(1));
  return Dropout(norm_.Forward(hidden), dropout_, mode.For(positions_));
}

at::Tensor MakeWords(ParameterFactory& factory, const std::string& name, const BartConfig& config,
                     bool fresh) {
  at::Tensor words =
      factory.Make(name, {config.vocab_size, config.d_model}, Initialisation::kNormal);
  if (fresh) words.select(0, config.pad_token_id).zero_();
  return words;
}

}  // namespace guichet
