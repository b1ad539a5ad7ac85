#include "model/network/classifier_network.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

namespace guichet {
namespace {

// [rows, length] int64 of values made for each row.
template <typename MakeRow>
at::Tensor RowsToTensor(const PaddedBatch& batch, at::Device device, MakeRow make_row) {
  at::Tensor tensor = at::empty({batch.rows, batch.length}, at::kLong);
  auto* out = tensor.mutable_data_ptr<std::int64_t>();
  for (int row = 0; row < batch.rows; ++row) {
    const auto values = make_row(batch.Row(row));
    out = std::copy(values.begin(), values.end(), out);
  }
  return tensor.to(device);
}

at::Tensor VisibleTensor(const PaddedBatch& batch, at::Device device) {
  if (batch.mask.empty()) return at::ones({batch.rows, batch.length}, at::kBool).to(device);
  at::Tensor visible = at::empty({batch.rows, batch.length}, at::kBool);
  std::ranges::transform(batch.mask, visible.mutable_data_ptr<bool>(),
                         [](std::uint8_t value) { return value != 0; });
  return visible.to(device);
}

AttentionMask MaskOf(const PaddedBatch& batch, const at::Tensor& visible) {
  const bool all = std::ranges::all_of(batch.mask, [](std::uint8_t value) { return value != 0; });
  if (all) return {};  // an empty mask shows everything as well
  const at::Tensor zero = at::zeros({}, visible.options().dtype(at::kFloat));
  const at::Tensor bias = at::where(visible, zero, -std::numeric_limits<float>::infinity());
  return {.bias = bias.view({batch.rows, 1, 1, batch.length})};
}

}  // namespace

BatchTensors ToTensors(const PaddedBatch& batch, const BartConfig& config, at::Device device) {
  BatchTensors tensors;
  tensors.ids = RowsToTensor(batch, device, [](std::span<const TokenId> row) { return row; });
  if (config.head() == HeadKind::kEncoderDecoder) {
    tensors.decoder_ids = RowsToTensor(batch, device, [&](std::span<const TokenId> row) {
      return ShiftTokensRight(row, config.pad_token_id);
    });
  }
  at::Tensor ends = at::empty({batch.rows}, at::kLong);
  for (int row = 0; row < batch.rows; ++row) {
    ends.mutable_data_ptr<std::int64_t>()[row] =
        LastPositionOf(batch.Row(row), config.eos_token_id);
  }
  tensors.last_end = ends.to(device);
  tensors.visible = VisibleTensor(batch, device);
  tensors.mask = MaskOf(batch, tensors.visible);
  return tensors;
}

absl::StatusOr<std::unique_ptr<ClassifierNetwork>> ClassifierNetwork::Create(
    const BartConfig& config, const TensorMap* weights, std::uint64_t seed, at::Device device) {
  ParameterFactory factory(weights, {.init_std = config.init_std, .seed = seed, .device = device});
  auto network = std::unique_ptr<ClassifierNetwork>(new ClassifierNetwork(config, device));
  network->Build(factory, weights == nullptr);
  if (!factory.status().ok()) return factory.status();
  network->parameters_ = factory.parameters();
  return network;
}

void ClassifierNetwork::Build(ParameterFactory& factory, bool fresh) {
  at::Tensor shared = MakeWords(factory, "model.shared.weight", config_, fresh);
  const auto words = [&](const std::string& stack) -> at::Tensor {
    if (config_.tie_word_embeddings) return shared;
    return MakeWords(factory, "model." + stack + ".embed_tokens.weight", config_, fresh);
  };
  encoder_.emplace(factory, config_, words("encoder"));
  if (config_.head() == HeadKind::kEncoderDecoder) {
    decoder_.emplace(factory, config_, words("decoder"));
  }
  head_.emplace(factory, config_);
}

NetworkOutput ClassifierNetwork::ForwardBody(const BatchTensors& batch,
                                             const ForwardMode& mode) const {
  at::Tensor hidden = encoder_->embeddings.Forward(batch.ids, mode);
  for (const EncoderLayer& layer : encoder_->layers) {
    hidden = layer.Forward(hidden, batch.mask, mode.For(layer.final_norm.weight));
  }
  NetworkOutput output;
  output.encoder_states = encoder_->norm.Forward(hidden);
  if (!decoder_.has_value()) {
    output.pooled = Pool(output.encoder_states, config_.pooling.value_or(Pooling::kMean),
                         {.visible = batch.visible, .last_end = batch.last_end});
    return output;
  }
  const EncoderMemory memory{.states = output.encoder_states, .mask = batch.mask};
  hidden = decoder_->embeddings.Forward(batch.decoder_ids, mode);
  for (const DecoderLayer& layer : decoder_->layers) {
    hidden = layer.Forward(hidden, memory, mode.For(layer.final_norm.weight));
  }
  output.pooled = decoder_->norm.Forward(StatesAt(hidden, batch.last_end));
  return output;
}

at::Tensor ClassifierNetwork::ForwardHead(const at::Tensor& pooled, const ForwardMode& mode) const {
  return head_->Forward(pooled, mode);
}

NetworkOutput ClassifierNetwork::Forward(const BatchTensors& batch, const ForwardMode& mode) const {
  NetworkOutput output = ForwardBody(batch, mode);
  output.logits = ForwardHead(output.pooled, mode);
  return output;
}

std::shared_ptr<OwnedTensors> ToOwnedTensors(const std::vector<NamedParameter>& parameters) {
  auto owned = std::make_shared<OwnedTensors>();
  for (const NamedParameter& parameter : parameters) {
    const at::Tensor values =
        parameter.tensor.detach().to(at::Device(at::kCPU), at::kFloat).contiguous();
    std::vector<float> copy(static_cast<std::size_t>(values.numel()));
    std::memcpy(copy.data(), values.const_data_ptr<float>(), copy.size() * sizeof(float));
    owned->Add(parameter.name, values.sizes().vec(), std::move(copy));
  }
  return owned;
}

}  // namespace guichet
