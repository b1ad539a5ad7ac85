#include "model/network/decoder.h"

#include <utility>

#include <ATen/TensorOperators.h>

#include "absl/strings/str_cat.h"

namespace guichet {
namespace {

std::vector<DecoderLayer> MakeLayers(ParameterFactory& factory, const BartConfig& config) {
  std::vector<DecoderLayer> layers;
  layers.reserve(static_cast<std::size_t>(config.decoder_layers));
  for (int i = 0; i < config.decoder_layers; ++i) {
    layers.emplace_back(factory, absl::StrCat("model.decoder.layers.", i, "."), config);
  }
  return layers;
}

Attention MakeAttention(ParameterFactory& factory, const std::string& prefix,
                        const BartConfig& config) {
  return {factory, prefix, config.d_model, config.decoder_attention_heads,
          config.attention_dropout};
}

}  // namespace

DecoderLayer::DecoderLayer(ParameterFactory& factory, const std::string& prefix,
                           const BartConfig& config)
    : self_attention(MakeAttention(factory, prefix + "self_attn.", config)),
      self_attention_norm(factory, prefix + "self_attn_layer_norm", config.d_model),
      cross_attention(MakeAttention(factory, prefix + "encoder_attn.", config)),
      cross_attention_norm(factory, prefix + "encoder_attn_layer_norm", config.d_model),
      feed_forward(factory, prefix, config.d_model, config.decoder_ffn_dim,
                   config.activation_dropout),
      final_norm(factory, prefix + "final_layer_norm", config.d_model),
      dropout(config.dropout) {}

at::Tensor DecoderLayer::Forward(const at::Tensor& hidden, const EncoderMemory& memory,
                                 const ForwardMode& mode) const {
  const at::Tensor normal = self_attention_norm.Forward(hidden);
  const PackedRows* rows = memory.mask.queries;
  const AttentionMask own{.bias = {}, .causal = true, .queries = rows, .keys = rows};
  at::Tensor states =
      hidden + Dropout(self_attention.Forward(normal, normal, own, mode), dropout, mode);
  states = states + Dropout(cross_attention.Forward(cross_attention_norm.Forward(states),
                                                    memory.states, memory.mask, mode),
                            dropout, mode);
  return states + Dropout(feed_forward.Forward(final_norm.Forward(states), mode), dropout, mode);
}

Decoder::Decoder(ParameterFactory& factory, const BartConfig& config, at::Tensor words)
    : embeddings(factory, "model.decoder.", config, std::move(words)),
      layers(MakeLayers(factory, config)),
      norm(factory, "model.decoder.layer_norm", config.d_model) {}

at::Tensor Decoder::Forward(const at::Tensor& ids, const EncoderMemory& memory,
                            const ForwardMode& mode) const {
  const PackedRows* rows = memory.mask.queries;
  at::Tensor hidden = embeddings.Forward(ids, mode);
  if (rows != nullptr) hidden = rows->Pack(hidden);
  for (const DecoderLayer& layer : layers) {
    hidden = layer.Forward(hidden, memory, mode.For(layer.final_norm.weight));
  }
  return rows == nullptr ? hidden : rows->Unpack(hidden);
}

}  // namespace guichet
