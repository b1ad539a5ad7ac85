#include "model/network/language_network.h"

#include <ATen/ops/linear.h>

namespace guichet {

LanguageNetwork::LanguageNetwork(const BartConfig& config, ParameterFactory& factory, bool fresh)
    : config_(config) {
  const at::Tensor shared = MakeWords(factory, "model.shared.weight", config, fresh);
  const auto words = [&](const char* name) {
    return config.tie_word_embeddings ? shared : MakeWords(factory, name, config, fresh);
  };
  encoder_.emplace(factory, config, words("model.encoder.embed_tokens.weight"));
  decoder_.emplace(factory, config, words("model.decoder.embed_tokens.weight"));
  head_ = words("lm_head.weight");
  bias_ = factory.Make("final_logits_bias", {1, config.vocab_size}, Initialisation::kZeros);
  parameters_ = factory.parameters();
}

absl::StatusOr<std::unique_ptr<LanguageNetwork>> LanguageNetwork::Create(
    const BartConfig& config, const TensorMap* weights, const ParameterOptions& given) {
  ParameterOptions options = given;
  options.init_std = config.init_std;
  ParameterFactory factory(weights, options);
  auto network = std::unique_ptr<LanguageNetwork>(
      new LanguageNetwork(config, factory, /*fresh=*/weights == nullptr));
  if (!factory.status().ok()) return factory.status();
  return network;
}

at::Tensor LanguageNetwork::Encode(const at::Tensor& ids, const AttentionMask& mask,
                                   const ForwardMode& mode) const {
  return encoder_->Forward(ids, mask, mode);
}

at::Tensor LanguageNetwork::Decode(const at::Tensor& decoder_ids, const EncoderMemory& memory,
                                   const ForwardMode& mode) const {
  return decoder_->norm.Forward(decoder_->Forward(decoder_ids, memory, mode));
}

at::Tensor LanguageNetwork::DecodeSlots(const at::Tensor& decoder_ids, const EncoderMemory& memory,
                                        const at::Tensor& slots, const ForwardMode& mode) const {
  const at::Tensor states = decoder_->Forward(decoder_ids, memory, mode).flatten(0, 1);
  const bool all = slots.size(0) == states.size(0);
  return decoder_->norm.Forward(all ? states : states.index_select(0, slots));
}

at::Tensor LanguageNetwork::Logits(const at::Tensor& states) const {
  return at::linear(states, head_, bias_.view({-1}));
}

}  // namespace guichet
