#include "model/inference/packed_forward.h"

#include <cstdint>
#include <span>

#include <ATen/ops/index_select.h>
#include <ATen/ops/segment_reduce.h>
#include <ATen/ops/tanh.h>

#include "model/inference/layer_steps.h"
#include "model/network/padded_batch.h"

namespace guichet {
namespace {

// One pass over one batch: holds what every layer reads.
class Pass {
 public:
  Pass(const PreparedWeights& weights, const BartConfig& config, const PackedBatch& batch,
       const at::Device& device)
      : weights_(weights),
        config_(config),
        batch_(batch),
        device_(device),
        steps_(weights.encoder.words.options()),
        rows_(OwnSpans(batch)) {}

  at::Tensor Encode() { return EncodePacked(weights_, config_, batch_, device_, steps_); }

  // The decoder's state at each row's last </s>, [rows, d]. The decoder reads the row shifted right
  // by one, its last token wrapped to the front (Hugging Face's shift_tokens_right). In the last
  // layer only those states are computed.
  at::Tensor DecodeLastEnd(const at::Tensor& encoded) {
    at::Tensor hidden =
        Embed(*weights_.decoder, ToDevice(ShiftedIds(), device_), PositionRows(batch_, device_));
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
        return at::index_select(encoded, 0,
                                ToDevice(std::span(batch_.offsets).first(batch_.rows()), device_));
      case Pooling::kLastEos:
        return at::index_select(encoded, 0, ToDevice(batch_.last_end, device_));
    }
    __builtin_unreachable();
  }

 private:
  void DecoderLayer(const PreparedDecoderLayer& layer, const at::Tensor& encoded, bool last,
                    at::Tensor& hidden) {
    const std::int64_t heads = config_.decoder_attention_heads;
    at::Tensor queries = steps_.Normalise(layer.attention_norm, hidden);
    const at::Tensor key_value =
        SplitHeads(steps_.Project(layer.key_value, queries, steps_.projected), 2, heads);
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
        SplitHeads(steps_.Project(layer.query, queries, steps_.query), 1, heads);
    steps_.Attend(query.select(1, 0), key_value.select(1, 0), key_value.select(1, 1), self_spans,
                  /*causal=*/!last);
    layer.attention_output.AddTo(hidden, steps_.attended);
    const at::Tensor cross =
        SplitHeads(steps_.Project(layer.cross_key_value, encoded, steps_.projected), 2, heads);
    const at::Tensor& normed = steps_.Normalise(layer.cross_norm, hidden);
    const at::Tensor cross_query =
        SplitHeads(steps_.Project(layer.cross_query, normed, steps_.query), 1, heads);
    steps_.Attend(cross_query.select(1, 0), cross.select(1, 0), cross.select(1, 1), cross_spans,
                  /*causal=*/false);
    layer.cross_output.AddTo(hidden, steps_.attended);
    steps_.FeedForward(layer.final_norm, layer.fc1, layer.fc2, hidden);
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
  LayerSteps steps_;
  std::vector<AttentionSpan> rows_;  // every row looking at itself
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
