#pragma once

#include <ATen/core/Tensor.h>

#include "model/network/bart_config.h"
#include "model/network/layers.h"

namespace guichet {

// dropout → dense → tanh → dropout → out_proj (MBartClassificationHead).
struct ClassificationHead {
  Linear dense;
  Linear output;
  double dropout;

  ClassificationHead(ParameterFactory& factory, const BartConfig& config);
  // pooled [B, d] → logits [B, labels]
  at::Tensor Forward(const at::Tensor& pooled, const ForwardMode& mode) const;
};

// What an encoder-only classifier needs to know of its batch beside the states.
struct PoolingInput {
  at::Tensor visible;   // [B, T] bool
  at::Tensor last_end;  // [B] int64, the last </s> of each row; read by kLastEos only
};

// states [B, T, d] → [B, d]
at::Tensor Pool(const at::Tensor& states, Pooling pooling, const PoolingInput& input);

// states[row, position[row]] for each row: [B, d]
at::Tensor StatesAt(const at::Tensor& states, const at::Tensor& positions);

}  // namespace guichet
