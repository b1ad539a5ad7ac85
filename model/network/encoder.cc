#include "model/network/encoder.h"

#include <utility>

#include <ATen/TensorOperators.h>

#include "absl/strings/str_cat.h"

namespace guichet {
namespace {

std::vector<EncoderLayer> MakeLayers(ParameterFactory& factory, const BartConfig& config) {
  std::vector<EncoderLayer> layers;
  layers.reserve(static_cast<std::size_t>(config.encoder_layers));
  for (int i = 0; i < config.encoder_layers; ++i) {
    layers.emplace_back(factory, absl::StrCat("model.encoder.layers.", i, "."), config);
  }
  return layers;
}

}  // namespace

EncoderLayer::EncoderLayer(ParameterFactory& factory, const std::string& prefix,
                           const BartConfig& config)
    : self_attention(factory, prefix + "self_attn.", config.d_model, config.encoder_attention_heads,
                     config.attention_dropout),
      self_attention_norm(factory, prefix + "self_attn_layer_norm", config.d_model),
      feed_forward(factory, prefix, config.d_model, config.encoder_ffn_dim,
                   config.activation_dropout),
      final_norm(factory, prefix + "final_layer_norm", config.d_model),
      dropout(config.dropout) {}

at::Tensor EncoderLayer::Forward(const at::Tensor& hidden, const AttentionMask& mask,
                                 const ForwardMode& mode) const {
  const at::Tensor normal = self_attention_norm.Forward(hidden);
  const at::Tensor attended =
      hidden + Dropout(self_attention.Forward(normal, normal, mask, mode), dropout, mode);
  return attended +
         Dropout(feed_forward.Forward(final_norm.Forward(attended), mode), dropout, mode);
}

Encoder::Encoder(ParameterFactory& factory, const BartConfig& config, at::Tensor words)
    : embeddings(factory, "model.encoder.", config, std::move(words)),
      layers(MakeLayers(factory, config)),
      norm(factory, "model.encoder.layer_norm", config.d_model) {}

at::Tensor Encoder::Forward(const at::Tensor& ids, const AttentionMask& mask,
                            const ForwardMode& mode) const {
  at::Tensor hidden = embeddings.Forward(ids, mode);
  if (mask.queries != nullptr) hidden = mask.queries->Pack(hidden);
  for (const EncoderLayer& layer : layers) {
    hidden = layer.Forward(hidden, mask, mode.For(layer.final_norm.weight));
  }
  return norm.Forward(hidden);
}

}  // namespace guichet
