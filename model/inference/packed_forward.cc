#include "model/inference/packed_forward.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>

#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/segment_reduce.h>
#include <ATen/ops/tanh.h>

#include "model/inference/layer_norm.h"
#include "model/network/padded_batch.h"

namespace guichet {
namespace {

constexpr float kLayerNormEpsilon = 1e-5F;
constexpr std::int64_t kPositionOffset = 2;  // rows 0 and 1 of the position tables are never read

template <typename Integer>
at::Tensor ToDevice(const std::vector<Integer>& values, const at::Device& device) {
  at::Tensor host = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), host.mutable_data_ptr<std::int64_t>());
  return host.to(device);
}

at::Tensor Normalise(const PreparedNorm& norm, const at::Tensor& x) {
  return std::get<0>(
      at::native_layer_norm(x, {x.size(1)}, norm.weight, norm.bias, kLayerNormEpsilon));
}

// The tensors between the steps of a layer, kept from layer to layer: fresh memory for each step
// would cost the system more than some of the steps.
class Scratch {
 public:
  explicit Scratch(const at::TensorOptions& options) : options_(options) {}

  // A tensor of this shape with whatever is in it; `slot` is it, or becomes it.
  at::Tensor& Get(at::Tensor& slot, std::int64_t rows, std::int64_t width) const {
    if (!slot.defined() || slot.size(0) != rows || slot.size(1) != width) {
      slot = at::empty({rows, width}, options_);
    }
    return slot;
  }

  // Into `normed`.
  const at::Tensor& Normalise(const PreparedNorm& norm, const at::Tensor& x) {
    if (!x.is_cpu() || x.scalar_type() != at::kFloat) {
      return normed = guichet::Normalise(norm, x);
    }
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

  // Into `slot`.
  const at::Tensor& Project(const PreparedLinear& linear, const at::Tensor& x, at::Tensor& slot) {
    linear.Into(Get(slot, x.size(0), linear.outputs()), x);
    return slot;
  }

  at::Tensor normed;     // [rows, d]
  at::Tensor query;      // [rows, d], of the decoder
  at::Tensor projected;  // [rows, 2d or 3d]
  at::Tensor attended;   // [rows, d]
  at::Tensor inner;      // [rows, ffn]

 private:
  const at::TensorOptions options_;
};

// One pass over one batch: holds what every layer reads.
class Pass {
 public:
  Pass(const PreparedWeights& weights, const BartConfig& config, const PackedBatch& batch,
       const at::Device& device)
      : weights_(weights),
        config_(config),
        batch_(batch),
        device_(device),
        scratch_(weights.encoder.words.options()) {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const std::int64_t begin = batch.offsets[r];
      const std::int64_t length = batch.offsets[r + 1] - begin;
      rows_.push_back({begin, length, begin, length});
    }
    position_rows_ = ToDevice(batch.positions, device).add_(kPositionOffset);
  }

  // The encoder's states after its last norm, [tokens, d].
  at::Tensor Encode() {
    at::Tensor hidden = Embed(weights_.encoder, ToDevice(batch_.ids, device_));
    for (const PreparedEncoderLayer& layer : weights_.encoder_layers) {
      const at::Tensor& normed = scratch_.Normalise(layer.attention_norm, hidden);
      const at::Tensor qkv =
          Heads(scratch_.Project(layer.query_key_value, normed, scratch_.projected), 3,
                config_.encoder_attention_heads);
      Attend(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), rows_, /*causal=*/false);
      layer.attention_output.AddTo(hidden, scratch_.attended);
      FeedForward(layer.final_norm, layer.fc1, layer.fc2, hidden);
    }
    return Normalise(weights_.encoder.final_norm, hidden);
  }

  // The decoder's state at each row's last </s>, [rows, d]. The decoder reads the row shifted right
  // by one, its last token wrapped to the front (Hugging Face's shift_tokens_right). In the last
  // layer only those states are computed.
  at::Tensor DecodeLastEnd(const at::Tensor& encoded) {
    at::Tensor hidden = Embed(*weights_.decoder, ToDevice(ShiftedIds(), device_));
    for (std::size_t i = 0; i < weights_.decoder_layers.size(); ++i) {
      DecoderLayer(weights_.decoder_layers[i], encoded, i + 1 == weights_.decoder_layers.size(),
                   hidden);
    }
    return Normalise(weights_.decoder->final_norm, hidden);
  }

  at::Tensor Pool(Pooling pooling, const at::Tensor& encoded) const {
    switch (pooling) {
      case Pooling::kMean:
        return Reduce(encoded, "mean");
      case Pooling::kMax:
        return Reduce(encoded, "max");
      case Pooling::kFirst:
        return at::index_select(
            encoded, 0,
            ToDevice(std::vector<std::int64_t>(batch_.offsets.begin(), batch_.offsets.end() - 1),
                     device_));
      case Pooling::kLastEos:
        return at::index_select(encoded, 0, ToDevice(batch_.last_end, device_));
    }
    __builtin_unreachable();
  }

 private:
  at::Tensor Embed(const PreparedStack& stack, const at::Tensor& ids) const {
    at::Tensor x = at::embedding(stack.words, ids);
    x.add_(at::embedding(stack.positions, position_rows_));
    return Normalise(stack.embedding_norm, x);
  }

  // [rows, parts * d] as [rows, parts, heads, width].
  static at::Tensor Heads(const at::Tensor& x, std::int64_t parts, std::int64_t heads) {
    return x.unflatten(1, {parts, heads, x.size(1) / (parts * heads)});
  }

  void Attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
              std::span<const AttentionSpan> spans, bool causal) {
    scratch_.Get(scratch_.attended, query.size(0), query.size(1) * query.size(2));
    VarlenAttention(query, key, value, spans, causal, scratch_.attended);
  }

  void FeedForward(const PreparedNorm& norm, const PreparedLinear& fc1, const PreparedLinear& fc2,
                   at::Tensor& hidden) {
    scratch_.Project(fc1, scratch_.Normalise(norm, hidden), scratch_.inner);
    at::gelu_(scratch_.inner);
    fc2.AddTo(hidden, scratch_.inner);
  }

  void DecoderLayer(const PreparedDecoderLayer& layer, const at::Tensor& encoded, bool last,
                    at::Tensor& hidden) {
    const std::int64_t heads = config_.decoder_attention_heads;
    at::Tensor queries = scratch_.Normalise(layer.attention_norm, hidden);
    const at::Tensor key_value =
        Heads(scratch_.Project(layer.key_value, queries, scratch_.projected), 2, heads);
    std::vector<AttentionSpan> self_spans = rows_;
    std::vector<AttentionSpan> cross_spans = rows_;
    if (last) {
      const at::Tensor ends = ToDevice(batch_.last_end, device_);
      queries = at::index_select(queries, 0, ends);
      hidden = at::index_select(hidden, 0, ends);
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        const std::int64_t begin = rows_[r].key_begin;
        const auto row = static_cast<std::int64_t>(r);
        self_spans[r] = {row, 1, begin, batch_.last_end[r] - begin + 1};
        cross_spans[r] = {row, 1, begin, rows_[r].key_length};
      }
    }
    const at::Tensor query =
        Heads(scratch_.Project(layer.query, queries, scratch_.query), 1, heads);
    Attend(query.select(1, 0), key_value.select(1, 0), key_value.select(1, 1), self_spans,
           /*causal=*/!last);
    layer.attention_output.AddTo(hidden, scratch_.attended);
    const at::Tensor cross =
        Heads(scratch_.Project(layer.cross_key_value, encoded, scratch_.projected), 2, heads);
    const at::Tensor& normed = scratch_.Normalise(layer.cross_norm, hidden);
    const at::Tensor cross_query =
        Heads(scratch_.Project(layer.cross_query, normed, scratch_.query), 1, heads);
    Attend(cross_query.select(1, 0), cross.select(1, 0), cross.select(1, 1), cross_spans,
           /*causal=*/false);
    layer.cross_output.AddTo(hidden, scratch_.attended);
    FeedForward(layer.final_norm, layer.fc1, layer.fc2, hidden);
  }

  std::vector<TokenId> ShiftedIds() const {
    std::vector<TokenId> shifted;
    shifted.reserve(batch_.ids.size());
    for (std::size_t r = 0; r < batch_.rows(); ++r) {
      const std::vector<TokenId> row(batch_.ids.begin() + batch_.offsets[r],
                                     batch_.ids.begin() + batch_.offsets[r + 1]);
      const std::vector<TokenId> decoder_row = ShiftTokensRight(row, config_.pad_token_id);
      shifted.insert(shifted.end(), decoder_row.begin(), decoder_row.end());
    }
    return shifted;
  }

  at::Tensor Reduce(const at::Tensor& encoded, c10::string_view reduction) const {
    return at::segment_reduce(encoded.to(at::kFloat), reduction, /*lengths=*/std::nullopt,
                              /*indices=*/std::nullopt, ToDevice(batch_.offsets, device_),
                              /*axis=*/0, /*unsafe=*/true);
  }

  const PreparedWeights& weights_;
  const BartConfig& config_;
  const PackedBatch& batch_;
  const at::Device device_;
  Scratch scratch_;
  std::vector<AttentionSpan> rows_;  // every row looking at itself
  at::Tensor position_rows_;         // [tokens], rows of the position tables
};

}  // namespace

at::Tensor ForwardPacked(const PreparedWeights& weights, const BartConfig& config, HeadKind head,
                         Pooling pooling, const PackedBatch& batch, const at::Device& device) {
  Pass pass(weights, config, batch, device);
  const at::Tensor encoded = pass.Encode();
  const at::Tensor pooled =
      head == HeadKind::kEncoderDecoder ? pass.DecodeLastEnd(encoded) : pass.Pool(pooling, encoded);
  const at::Tensor dense = at::tanh(weights.head_dense(pooled.to(at::kFloat)));
  return weights.head_output(dense).to(at::kCPU);
}

}  // namespace guichet
