#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/network/attention.h"
#include "model/network/bart_config.h"
#include "model/network/embeddings.h"
#include "model/network/layers.h"

namespace guichet {

// What the decoder reads of the encoder: its states [B, S, d], or packed, and which of them are
// visible; mask.queries is how the decoder's own states are packed.
struct EncoderMemory {
  at::Tensor states;
  AttentionMask mask;
};

// As an encoder layer, with causal self-attention and, between the two blocks, attention over the
// encoder's states.
struct DecoderLayer {
  Attention self_attention;
  LayerNorm self_attention_norm;
  Attention cross_attention;
  LayerNorm cross_attention_norm;
  FeedForward feed_forward;
  LayerNorm final_norm;
  double dropout;

  DecoderLayer(ParameterFactory& factory, const std::string& prefix, const BartConfig& config);
  at::Tensor Forward(const at::Tensor& hidden, const EncoderMemory& memory,
                     const ForwardMode& mode) const;
};

// Embeddings, layers and a last normalisation.
struct Decoder {
  Embeddings embeddings;
  std::vector<DecoderLayer> layers;
  LayerNorm norm;

  Decoder(ParameterFactory& factory, const BartConfig& config, at::Tensor words);

  // ids [B, T] → states before the last norm, [B, T, d]; those that memory.mask.queries leaves out
  // are not computed.
  at::Tensor Forward(const at::Tensor& ids, const EncoderMemory& memory,
                     const ForwardMode& mode) const;
};

}  // namespace guichet
