#include "model/network/classifier_network.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

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

// Undefined when everything is visible.
at::Tensor BiasOf(const PaddedBatch& batch, const at::Tensor& visible) {
  const bool all = std::ranges::all_of(batch.mask, [](std::uint8_t value) { return value != 0; });
  if (all) return {};  // an empty mask shows everything as well
  const at::Tensor zero = at::zeros({}, visible.options().dtype(at::kFloat));
  const at::Tensor bias = at::where(visible, zero, -std::numeric_limits<float>::infinity());
  return bias.view({batch.rows, 1, 1, batch.length});
}

// The slots that `wanted` marks, [B, T] bool, or nothing when so few are left out that packing
// would cost more than it spares.
std::optional<PackedRows> PackWhere(const at::Tensor& wanted) {
  constexpr double kWorthwhile = 0.85;
  const at::Tensor slots = wanted.flatten().nonzero().squeeze(1);
  if (static_cast<double>(slots.size(0)) >= kWorthwhile * static_cast<double>(wanted.numel())) {
    return std::nullopt;
  }
  return PackedRows{.slots = slots, .rows = wanted.size(0), .length = wanted.size(1)};
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
  tensors.bias = BiasOf(batch, tensors.visible);
  tensors.rows = PackWhere(tensors.visible);
  if (tensors.decoder_ids.defined()) {
    const at::Tensor slots = at::arange(batch.length, tensors.last_end.options());
    tensors.decoder_rows = PackWhere(slots.unsqueeze(0).le(tensors.last_end.unsqueeze(1)));
  }
  return tensors;
}

absl::StatusOr<std::unique_ptr<ClassifierNetwork>> ClassifierNetwork::Create(
    const BartConfig& config, const TensorMap* weights, const ParameterOptions& given) {
  ParameterOptions options = given;
  options.init_std = config.init_std;
  ParameterFactory factory(weights, options);
  auto network = std::unique_ptr<ClassifierNetwork>(new ClassifierNetwork(config, options.device));
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
  const PackedRows* rows = mode.packed && batch.rows ? &*batch.rows : nullptr;
  const AttentionMask mask{.bias = batch.bias, .queries = rows, .keys = rows};
  const at::Tensor hidden = encoder_->Forward(batch.ids, mask, mode);
  NetworkOutput output;
  output.encoder_states = rows == nullptr ? hidden : rows->Unpack(hidden);
  if (decoder_.has_value()) {
    output.pooled = DecodeLastState(batch, {.states = hidden, .mask = mask}, mode);
  } else {
    output.pooled = Pool(output.encoder_states, config_.pooling.value_or(Pooling::kMean),
                         {.visible = batch.visible, .last_end = batch.last_end});
  }
  return output;
}

at::Tensor ClassifierNetwork::DecodeLastState(const BatchTensors& batch, EncoderMemory memory,
                                              const ForwardMode& mode) const {
  memory.mask.queries = mode.packed && batch.decoder_rows ? &*batch.decoder_rows : nullptr;
  const at::Tensor hidden = decoder_->Forward(batch.decoder_ids, memory, mode);
  return decoder_->norm.Forward(StatesAt(hidden, batch.last_end));
}

at::Tensor ClassifierNetwork::ForwardHead(const at::Tensor& pooled, const ForwardMode& mode) const {
  return head_->Forward(pooled, mode);
}

NetworkOutput ClassifierNetwork::Forward(const BatchTensors& batch, const ForwardMode& mode) const {
  NetworkOutput output = ForwardBody(batch, mode);
  output.logits = ForwardHead(output.pooled, mode);
  return output;
}

std::vector<NamedParameter> MergeAdapters(const std::vector<NamedParameter>& parameters,
                                          double scale) {
  const c10::NoGradGuard no_gradients;
  std::map<std::string, at::Tensor> adapters;
  std::vector<NamedParameter> merged;
  for (const NamedParameter& parameter : parameters) {
    const bool adapter =
        parameter.name.ends_with(kLowRankDown) || parameter.name.ends_with(kLowRankUp);
    if (adapter) adapters[parameter.name] = parameter.tensor;
  }
  for (const NamedParameter& parameter : parameters) {
    if (adapters.contains(parameter.name)) continue;
    constexpr std::string_view kWeight = ".weight";
    const std::string owner = parameter.name.substr(
        0, parameter.name.size() - std::min(kWeight.size(), parameter.name.size()));
    const auto up = adapters.find(owner + std::string(kLowRankUp));
    if (up == adapters.end() || !parameter.name.ends_with(kWeight)) {
      merged.push_back(parameter);
      continue;
    }
    const at::Tensor& down = adapters.at(owner + std::string(kLowRankDown));
    merged.push_back({parameter.name, parameter.tensor + up->second.matmul(down) * scale});
  }
  return merged;
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
