#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "model/network/bart_config.h"
#include "model/network/classification_head.h"
#include "model/network/decoder.h"
#include "model/network/encoder.h"
#include "model/network/owned_tensors.h"
#include "model/network/padded_batch.h"

namespace guichet {

// A checked batch as tensors on the network's device.
struct BatchTensors {
  at::Tensor ids;          // [B, T] int64
  at::Tensor decoder_ids;  // [B, T] int64, with a decoder
  at::Tensor last_end;     // [B] int64, -1 where a row has no </s>
  at::Tensor visible;      // [B, T] bool
  at::Tensor bias;         // of the encoder's states, as in AttentionMask
  // The visible slots, and with a decoder those up to each row's last </s>; nothing where that is
  // the whole rectangle, or nearly.
  std::optional<PackedRows> rows;
  std::optional<PackedRows> decoder_rows;
};
BatchTensors ToTensors(const PaddedBatch& batch, const BartConfig& config, at::Device device);

struct NetworkOutput {
  at::Tensor encoder_states;  // [B, T, d]
  at::Tensor pooled;          // [B, d], what the head reads
  at::Tensor logits;          // [B, labels]
};

// A trainable mBART classifier on padded batches: encoder–decoder as Hugging Face's
// MBartForSequenceClassification, or the encoder alone with a pooling. Parameters bear Hugging
// Face's names. Forward is const; who changes parameters (an optimiser) must not run it meanwhile.
class ClassifierNetwork {
 public:
  // From weights (a missing classification head and adapters are initialised from the seed), or
  // all from the seed when `weights` is null; options.init_std is the configuration's.
  // INVALID_ARGUMENT names the parameter that does not fit.
  static absl::StatusOr<std::unique_ptr<ClassifierNetwork>> Create(const BartConfig& config,
                                                                   const TensorMap* weights,
                                                                   const ParameterOptions& options);

  // The batch must have passed CheckBatch.
  NetworkOutput Forward(const BatchTensors& batch, const ForwardMode& mode) const;
  // Its two halves: what the head reads, and the head.
  NetworkOutput ForwardBody(const BatchTensors& batch, const ForwardMode& mode) const;
  at::Tensor ForwardHead(const at::Tensor& pooled, const ForwardMode& mode) const;

  const BartConfig& config() const { return config_; }
  at::Device device() const { return device_; }
  const Encoder& encoder() const { return *encoder_; }
  const std::optional<Decoder>& decoder() const { return decoder_; }
  const ClassificationHead& head() const { return *head_; }
  // In order of construction, adapters among them; without tying, model.shared.weight is among them
  // but never read.
  const std::vector<NamedParameter>& parameters() const { return parameters_; }

 private:
  // [B, d], the decoder's state at each row's last </s>.
  at::Tensor DecodeLastState(const BatchTensors& batch, EncoderMemory memory,
                             const ForwardMode& mode) const;
  ClassifierNetwork(const BartConfig& config, at::Device device)
      : config_(config), device_(device) {}
  void Build(ParameterFactory& factory, bool fresh);

  const BartConfig config_;
  const at::Device device_;
  std::optional<Encoder> encoder_;
  std::optional<Decoder> decoder_;
  std::optional<ClassificationHead> head_;
  std::vector<NamedParameter> parameters_;
};

// The parameters of the network without adapters that computes the same: W + scale · B A.
std::vector<NamedParameter> MergeAdapters(const std::vector<NamedParameter>& parameters,
                                          double scale);

// Copies named tensors into memory of their own, as fp32.
std::shared_ptr<OwnedTensors> ToOwnedTensors(const std::vector<NamedParameter>& parameters);

}  // namespace guichet
