#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "model/network/bart_config.h"
#include "model/network/decoder.h"
#include "model/network/encoder.h"
#include "model/network/parameters.h"

namespace guichet {

// MBartForConditionalGeneration as torch's modules: both stacks and the head over the vocabulary,
// whose matrix is the words' when they are tied. Parameters bear Hugging Face's names.
class LanguageNetwork {
 public:
  // From weights, or all from the seed when `weights` is null; options.init_std is the
  // configuration's. INVALID_ARGUMENT names the parameter that does not fit.
  static absl::StatusOr<std::unique_ptr<LanguageNetwork>> Create(const BartConfig& config,
                                                                 const TensorMap* weights,
                                                                 const ParameterOptions& options);

  // ids [B, S] → the encoder's states, [B, S, d] or packed as mask.queries says.
  at::Tensor Encode(const at::Tensor& ids, const AttentionMask& mask,
                    const ForwardMode& mode) const;
  // decoder_ids [B, T] → the normalised states that the head reads, [B, T, d].
  at::Tensor Decode(const at::Tensor& decoder_ids, const EncoderMemory& memory,
                    const ForwardMode& mode) const;
  // The same in some slots alone, [N] int64 into B * T → [N, d].
  at::Tensor DecodeSlots(const at::Tensor& decoder_ids, const EncoderMemory& memory,
                         const at::Tensor& slots, const ForwardMode& mode) const;
  // States [.., d] → logits [.., vocabulary].
  at::Tensor Logits(const at::Tensor& states) const;

  const BartConfig& config() const { return config_; }
  const at::Tensor& head() const { return head_; }  // [vocabulary, d]
  const at::Tensor& bias() const { return bias_; }  // [1, vocabulary], a buffer: never learns
  // In order of construction, the head's bias last.
  const std::vector<NamedParameter>& parameters() const { return parameters_; }

 private:
  LanguageNetwork(const BartConfig& config, ParameterFactory& factory, bool fresh);

  const BartConfig config_;
  std::optional<Encoder> encoder_;
  std::optional<Decoder> decoder_;
  at::Tensor head_;
  at::Tensor bias_;
  std::vector<NamedParameter> parameters_;
};

}  // namespace guichet
