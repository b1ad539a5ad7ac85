#include "model/inference/cached_decoder.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include "model/inference/all_threads.h"
#include "model/inference/cached_attention.h"
#include "model/inference/layer_steps.h"

namespace guichet {
namespace {

// Rows of one step that see the same encoder states: those of one item.
struct ItemRows {
  std::int64_t begin = 0;
  std::int64_t count = 0;
  std::int64_t key_begin = 0;
  std::int64_t key_length = 0;
};

class CachedDecoder final : public StepDecoder {
 public:
  CachedDecoder(const PreparedWeights& weights, const BartConfig& config, const PackedBatch& batch,
                const at::Device& device)
      : weights_(weights),
        heads_(config.decoder_attention_heads),
        width_(config.d_model / heads_),
        device_(device),
        steps_(weights.encoder.words.options()),
        own_kernel_(device.is_cpu() && weights.encoder.words.scalar_type() == at::kFloat &&
                    width_ % kCachedAttentionWidths == 0),
        item_keys_(batch.rows()),
        past_(weights.decoder_layers.size()) {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const std::int64_t begin = batch.offsets[r];
      item_keys_[batch.original[r]] = {.key_begin = begin,
                                       .key_length = batch.offsets[r + 1] - begin};
    }
    const at::Tensor encoded = EncodePacked(weights, config, batch, device, steps_);
    for (const PreparedDecoderLayer& layer : weights.decoder_layers) {
      cross_.push_back(layer.cross_key_value(encoded));
    }
    all_keys_.resize(static_cast<std::size_t>(batch.tokens()));
    for (std::size_t t = 0; t < all_keys_.size(); ++t) {
      all_keys_[t] = static_cast<std::int32_t>(t);
    }
  }

  absl::StatusOr<std::span<float>> Step(std::span<const TokenId> tokens,
                                        std::span<const std::size_t> sources) override {
    Follow(sources);
    const auto rows = static_cast<std::int64_t>(tokens.size());
    MakeRoom(rows);
    const std::vector<std::int64_t> positions(tokens.size(), length_ + kPositionOffset);
    at::Tensor hidden =
        Embed(*weights_.decoder, ToDevice(tokens, device_), ToDevice(positions, device_));
    for (std::size_t i = 0; i < weights_.decoder_layers.size(); ++i) Layer(i, hidden);
    used_ += rows;
    ++length_;
    const at::Tensor& states = steps_.Normalise(weights_.decoder->final_norm, hidden);
    weights_.language_head.Into(steps_.Get(logits_, rows, weights_.language_head.outputs()),
                                states);
    host_logits_ = logits_.to(at::kCPU, at::kFloat);
    return std::span(host_logits_.mutable_data_ptr<float>(),
                     static_cast<std::size_t>(host_logits_.numel()));
  }

 private:
  // Which item each row belongs to now, and where its past lies; this step's place is behind it.
  void Follow(std::span<const std::size_t> sources) {
    const bool first = items_.empty();
    std::vector<std::size_t> items;
    std::vector<std::vector<std::int32_t>> pasts;
    groups_.clear();
    for (std::size_t row = 0; row < sources.size(); ++row) {
      const std::size_t item = first ? sources[row] : items_[sources[row]];
      std::vector<std::int32_t>& past = pasts.emplace_back();
      if (!first) past = past_rows_[sources[row]];
      past.push_back(static_cast<std::int32_t>(used_ + static_cast<std::int64_t>(row)));
      if (items.empty() || items.back() != item) {
        groups_.push_back(item_keys_[item]);
        groups_.back().begin = static_cast<std::int64_t>(row);
      }
      ++groups_.back().count;
      items.push_back(item);
    }
    items_ = std::move(items);
    past_rows_ = std::move(pasts);
  }

  // Room for the keys and values of `rows` more rows in every layer.
  void MakeRoom(std::int64_t rows) {
    constexpr std::int64_t kFirstSteps = 16;
    const std::int64_t needed = used_ + rows;
    if (needed <= capacity_) return;
    capacity_ = std::max(2 * capacity_, used_ + kFirstSteps * rows);
    for (at::Tensor& past : past_) {
      at::Tensor larger =
          at::empty({capacity_, 2 * heads_ * width_}, weights_.encoder.words.options());
      if (used_ > 0) larger.narrow(0, 0, used_).copy_(past.narrow(0, 0, used_));
      past = std::move(larger);
    }
  }

  void Layer(std::size_t index, at::Tensor& hidden) {
    const PreparedDecoderLayer& layer = weights_.decoder_layers[index];
    const at::Tensor& normed = steps_.Normalise(layer.attention_norm, hidden);
    at::Tensor here = past_[index].narrow(0, used_, hidden.size(0));
    at::Tensor key_value = here;
    layer.key_value.Into(key_value, normed);
    if (!key_value.is_same(here)) here.copy_(key_value);  // int8 makes a tensor of its own
    AttendToPast(past_[index], steps_.Project(layer.query, normed, steps_.query));
    layer.attention_output.AddTo(hidden, steps_.attended);
    const at::Tensor& crossed = steps_.Normalise(layer.cross_norm, hidden);
    AttendToItem(cross_[index], steps_.Project(layer.cross_query, crossed, steps_.query));
    layer.cross_output.AddTo(hidden, steps_.attended);
    steps_.FeedForward(layer.final_norm, layer.fc1, layer.fc2, hidden);
  }

  // query [rows, d]; past [capacity, 2d], of which each row sees its own rows.
  void AttendToPast(const at::Tensor& past, const at::Tensor& query) {
    const std::int64_t rows = query.size(0);
    if (own_kernel_) {
      AttendOnAllThreads(past, query, rows, [&](std::int64_t row) {
        return Seen{.begin = row, .count = 1, .keys = past_rows_[static_cast<std::size_t>(row)]};
      });
      return;
    }
    std::vector<std::int64_t> index;
    std::vector<AttentionSpan> spans;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::vector<std::int32_t>& own = past_rows_[static_cast<std::size_t>(row)];
      spans.push_back(
          {row, 1, static_cast<std::int64_t>(index.size()), static_cast<std::int64_t>(own.size())});
      index.insert(index.end(), own.begin(), own.end());
    }
    AttendByLibrary(at::index_select(past, 0, ToDevice(index, device_)), query, spans);
  }

  // query [rows, d]; cross [tokens, 2d], of which each row sees its item's.
  void AttendToItem(const at::Tensor& cross, const at::Tensor& query) {
    if (own_kernel_) {
      const auto groups = static_cast<std::int64_t>(groups_.size());
      AttendOnAllThreads(cross, query, groups, [&](std::int64_t number) {
        const ItemRows& group = groups_[static_cast<std::size_t>(number)];
        return Seen{
            .begin = group.begin,
            .count = group.count,
            .keys = std::span(all_keys_).subspan(static_cast<std::size_t>(group.key_begin),
                                                 static_cast<std::size_t>(group.key_length))};
      });
      return;
    }
    std::vector<AttentionSpan> spans;
    for (const ItemRows& group : groups_) {
      spans.push_back({group.begin, group.count, group.key_begin, group.key_length});
    }
    AttendByLibrary(cross, query, spans);
  }

  // Rows of one step that see the same rows of keys.
  struct Seen {
    std::int64_t begin = 0;
    std::int64_t count = 0;
    std::span<const std::int32_t> keys;
  };

  template <typename GetSeen>
  void AttendOnAllThreads(const at::Tensor& key_value, const at::Tensor& query, std::int64_t parts,
                          const GetSeen& get) {
    const std::int64_t size = heads_ * width_;
    steps_.Get(steps_.attended, query.size(0), size);
    const float* queries = query.const_data_ptr<float>();
    const float* keys = key_value.const_data_ptr<float>();
    float* output = steps_.attended.mutable_data_ptr<float>();
    OnAllThreads(parts, [&](std::int64_t part) {
      const Seen seen = get(part);
      CachedAttention({.query = queries + seen.begin * size,
                       .output = output + seen.begin * size,
                       .keys = keys,
                       .values = keys + size,
                       .stride = 2 * size,
                       .rows = seen.keys,
                       .queries = seen.count,
                       .heads = heads_,
                       .width = width_});
    });
  }

  void AttendByLibrary(const at::Tensor& key_value, const at::Tensor& query,
                       std::span<const AttentionSpan> spans) {
    const at::Tensor split = SplitHeads(key_value, 2, heads_);
    steps_.Attend(SplitHeads(query, 1, heads_).select(1, 0), split.select(1, 0), split.select(1, 1),
                  spans, /*causal=*/false);
  }

  const PreparedWeights& weights_;
  const std::int64_t heads_;
  const std::int64_t width_;
  const at::Device device_;
  LayerSteps steps_;
  const bool own_kernel_;               // or the library's attention
  std::vector<ItemRows> item_keys_;     // [items], where each one's encoder states lie
  std::vector<at::Tensor> cross_;       // [layers] of [tokens, 2d]
  std::vector<std::int32_t> all_keys_;  // 0, 1, 2 … tokens - 1

  std::vector<at::Tensor> past_;  // [layers] of [capacity, 2d], the first `used_` rows written
  std::int64_t capacity_ = 0;
  std::int64_t used_ = 0;
  std::int64_t length_ = 0;                           // of the sequences so far
  std::vector<std::vector<std::int32_t>> past_rows_;  // [rows][length], rows of `past_`
  std::vector<std::size_t> items_;                    // [rows]
  std::vector<ItemRows> groups_;                      // this step's rows by item
  at::Tensor logits_;
  at::Tensor host_logits_;
};

}  // namespace

std::unique_ptr<StepDecoder> MakeCachedDecoder(const PreparedWeights& weights,
                                               const BartConfig& config, const PackedBatch& batch,
                                               const at::Device& device) {
  return std::make_unique<CachedDecoder>(weights, config, batch, device);
}

}  // namespace guichet
