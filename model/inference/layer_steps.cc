#include "model/inference/layer_steps.h"

#include <algorithm>
#include <tuple>

#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/native_layer_norm.h>

#include "model/inference/layer_norm.h"

namespace guichet {
namespace {

constexpr float kLayerNormEpsilon = 1e-5F;

template <typename Integer>
at::Tensor CopyToDevice(std::span<const Integer> values, const at::Device& device) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), host.mutable_data_ptr<std::int64_t>());
  return host.to(device);
}

}  // namespace

at::Tensor ToDevice(std::span<const std::int64_t> values, const at::Device& device) {
  return CopyToDevice(values, device);
}

at::Tensor ToDevice(std::span<const TokenId> values, const at::Device& device) {
  return CopyToDevice(values, device);
}

at::Tensor Normalise(const PreparedNorm& norm, const at::Tensor& x) {
  return std::get<0>(
      at::native_layer_norm(x, {x.size(1)}, norm.weight, norm.bias, kLayerNormEpsilon));
}

at::Tensor Embed(const PreparedStack& stack, const at::Tensor& ids,
                 const at::Tensor& position_rows) {
  at::Tensor x = at::embedding(stack.words, ids);
  x.add_(at::embedding(stack.positions, position_rows));
  return Normalise(stack.embedding_norm, x);
}

at::Tensor SplitHeads(const at::Tensor& x, std::int64_t parts, std::int64_t heads) {
  return x.unflatten(1, {parts, heads, x.size(1) / (parts * heads)});
}

at::Tensor& LayerSteps::Get(at::Tensor& slot, std::int64_t rows, std::int64_t width) const {
  if (!slot.defined() || slot.size(0) != rows || slot.size(1) != width) {
    slot = at::empty({rows, width}, options_);
  }
  return slot;
}

const at::Tensor& LayerSteps::Normalise(const PreparedNorm& norm, const at::Tensor& x) {
  if (!x.is_cpu() || x.scalar_type() != at::kFloat) return normed = guichet::Normalise(norm, x);
  Get(normed, x.size(0), x.size(1));
  LayerNormRows({.x = x.const_data_ptr<float>(),
                 .weight = norm.weight.const_data_ptr<float>(),
                 .bias = norm.bias.const_data_ptr<float>(),
                 .out = normed.mutable_data_ptr<float>(),
                 .rows = x.size(0),
                 .width = x.size(1),
                 .epsilon = kLayerNormEpsilon});
  return normed;
}

const at::Tensor& LayerSteps::Project(const PreparedLinear& linear, const at::Tensor& x,
                                      at::Tensor& slot) const {
  linear.Into(Get(slot, x.size(0), linear.outputs()), x);
  return slot;
}

void LayerSteps::Attend(const at::Tensor& queries, const at::Tensor& key, const at::Tensor& value,
                        std::span<const AttentionSpan> spans, bool causal) {
  Get(attended, queries.size(0), queries.size(1) * queries.size(2));
  VarlenAttention(queries, key, value, spans, causal, attended);
}

void LayerSteps::FeedForward(const PreparedNorm& norm, const PreparedLinear& fc1,
                             const PreparedLinear& fc2, at::Tensor& hidden) {
  Project(fc1, Normalise(norm, hidden), inner);
  at::gelu_(inner);
  fc2.AddTo(hidden, inner);
}

std::vector<AttentionSpan> OwnSpans(const PackedBatch& batch) {
  std::vector<AttentionSpan> spans;
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    const std::int64_t begin = batch.offsets[r];
    const std::int64_t length = batch.offsets[r + 1] - begin;
    spans.push_back({begin, length, begin, length});
  }
  return spans;
}

at::Tensor PositionRows(const PackedBatch& batch, const at::Device& device) {
  return ToDevice(batch.positions, device).add_(kPositionOffset);
}

at::Tensor EncodePacked(const PreparedWeights& weights, const BartConfig& config,
                        const PackedBatch& batch, const at::Device& device, LayerSteps& steps) {
  const std::vector<AttentionSpan> spans = OwnSpans(batch);
  at::Tensor hidden =
      Embed(weights.encoder, ToDevice(batch.ids, device), PositionRows(batch, device));
  for (const PreparedEncoderLayer& layer : weights.encoder_layers) {
    const at::Tensor& normed = steps.Normalise(layer.attention_norm, hidden);
    const at::Tensor qkv = SplitHeads(steps.Project(layer.query_key_value, normed, steps.projected),
                                      3, config.encoder_attention_heads);
    steps.Attend(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), spans, /*causal=*/false);
    layer.attention_output.AddTo(hidden, steps.attended);
    steps.FeedForward(layer.final_norm, layer.fc1, layer.fc2, hidden);
  }
  return Normalise(weights.encoder.final_norm, hidden);
}

}  // namespace guichet
