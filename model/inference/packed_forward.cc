#include "model/inference/packed_forward.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/segment_reduce.h>
#include <ATen/ops/tanh.h>

#include "model/network/padded_batch.h"

namespace guichet {
namespace {

constexpr double kLayerNormEpsilon = 1e-5;
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

// One pass over one batch: holds what every layer reads.
class Pass {
 public:
  Pass(const PreparedWeights& weights, const BartConfig& config, const PackedBatch& batch,
       const at::Device& device)
      : weights_(weights), config_(config), batch_(batch), device_(device) {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const std::int64_t begin = batch.offsets[r];
      const std::int64_t length = batch.offsets[r + 1] - begin;
      rows_.push_back({begin, length, begin, length});
    }
    position_rows_ = ToDevice(batch.positions, device).add_(kPositionOffset);
  }

  // The encoder's states after its last norm, [tokens, d].
  at::Tensor Encode() const {
    at::Tensor hidden = Embed(weights_.encoder, ToDevice(batch_.ids, device_));
    for (const PreparedEncoderLayer& layer : weights_.encoder_layers) {
      const at::Tensor qkv = Heads(layer.query_key_value(Normalise(layer.attention_norm, hidden)),
                                   3, config_.encoder_attention_heads);
      layer.attention_output.AddTo(
          hidden, VarlenAttention(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), rows_,
                                  /*causal=*/false));
      FeedForward(layer.final_norm, layer.fc1, layer.fc2, hidden);
    }
    return Normalise(weights_.encoder.final_norm, hidden);
  }

  // The decoder's state at each row's last </s>, [rows, d]. The decoder reads the row shifted right
  // by one, its last token wrapped to the front (Hugging Face's shift_tokens_right). In the last
  // layer only those states are computed.
  at::Tensor DecodeLastEnd(const at::Tensor& encoded) const {
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

  static void FeedForward(const PreparedNorm& norm, const PreparedLinear& fc1,
                          const PreparedLinear& fc2, at::Tensor& hidden) {
    at::Tensor inner = fc1(Normalise(norm, hidden));
    at::gelu_(inner);
    fc2.AddTo(hidden, inner);
  }

  void DecoderLayer(const PreparedDecoderLayer& layer, const at::Tensor& encoded, bool last,
                    at::Tensor& hidden) const {
    const std::int64_t heads = config_.decoder_attention_heads;
    const at::Tensor normed = Normalise(layer.attention_norm, hidden);
    const at::Tensor key_value = Heads(layer.key_value(normed), 2, heads);
    at::Tensor queries = normed;
    std::vector<AttentionSpan> self_spans = rows_;
    std::vector<AttentionSpan> cross_spans = rows_;
    if (last) {
      const at::Tensor ends = ToDevice(batch_.last_end, device_);
      queries = at::index_select(normed, 0, ends);
      hidden = at::index_select(hidden, 0, ends);
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        const std::int64_t begin = rows_[r].key_begin;
        const auto row = static_cast<std::int64_t>(r);
        self_spans[r] = {row, 1, begin, batch_.last_end[r] - begin + 1};
        cross_spans[r] = {row, 1, begin, rows_[r].key_length};
      }
    }
    const at::Tensor attended =
        VarlenAttention(Heads(layer.query(queries), 1, heads).select(1, 0), key_value.select(1, 0),
                        key_value.select(1, 1), self_spans, /*causal=*/!last);
    layer.attention_output.AddTo(hidden, attended);
    const at::Tensor cross = Heads(layer.cross_key_value(encoded), 2, heads);
    const at::Tensor cross_query =
        Heads(layer.cross_query(Normalise(layer.cross_norm, hidden)), 1, heads);
    layer.cross_output.AddTo(
        hidden, VarlenAttention(cross_query.select(1, 0), cross.select(1, 0), cross.select(1, 1),
                                cross_spans, /*causal=*/false));
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
  std::vector<AttentionSpan> rows_;  // every row looking at itself
  at::Tensor position_rows_;         // [tokens], rows of the position tables
};

}  // namespace

at::Tensor ForwardPacked(const PreparedWeights& weights, const BartConfig& config, HeadKind head,
                         Pooling pooling, const PackedBatch& batch, const at::Device& device) {
  const Pass pass(weights, config, batch, device);
  const at::Tensor encoded = pass.Encode();
  const at::Tensor pooled =
      head == HeadKind::kEncoderDecoder ? pass.DecodeLastEnd(encoded) : pass.Pool(pooling, encoded);
  const at::Tensor dense = at::tanh(weights.head_dense(pooled.to(at::kFloat)));
  return weights.head_output(dense).to(at::kCPU);
}

}  // namespace guichet
