#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "model/network/bart_config.h"
#include "model/network/layers.h"

namespace guichet {

// Word plus position embeddings of one stack, normalised. Positions count slots from 0, padding
// included, and start at row 2 of their table.
class Embeddings {
 public:
  // `words` [vocabulary, d] is shared between the stacks when it is tied.
  Embeddings(ParameterFactory& factory, const std::string& prefix, const BartConfig& config,
             at::Tensor words);

  // ids [B, T] int64 → [B, T, d].
  at::Tensor Forward(const at::Tensor& ids, const ForwardMode& mode) const;

 private:
  at::Tensor words_;
  at::Tensor positions_;
  LayerNorm norm_;
  const double scale_;
  const double dropout_;
  const int padding_;
};

// The word matrix [vocabulary, d]; a new one has zeros in the padding's row.
at::Tensor MakeWords(ParameterFactory& factory, const std::string& name, const BartConfig& config,
                     bool fresh);

}  // namespace guichet
