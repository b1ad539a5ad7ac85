#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/network/attention.h"
#include "model/network/bart_config.h"
#include "model/network/embeddings.h"
#include "model/network/layers.h"

namespace guichet {

// h + SelfAttention(LN(h)), then h + FeedForward(LN(h)), with dropout before each sum.
struct EncoderLayer {
  Attention self_attention;
  LayerNorm self_attention_norm;
  FeedForward feed_forward;
  LayerNorm final_norm;
  double dropout;

  EncoderLayer(ParameterFactory& factory, const std::string& prefix, const BartConfig& config);
  at::Tensor Forward(const at::Tensor& hidden, const AttentionMask& mask,
                     const ForwardMode& mode) const;
};

// Embeddings, layers and a last normalisation.
struct Encoder {
  Embeddings embeddings;
  std::vector<EncoderLayer> layers;
  LayerNorm norm;

  Encoder(ParameterFactory& factory, const BartConfig& config, at::Tensor words);

  // ids [B, T] → states after the last norm, [B, T, d], or packed as mask.queries says.
  at::Tensor Forward(const at::Tensor& ids, const AttentionMask& mask,
                     const ForwardMode& mode) const;
};

}  // namespace guichet
