#include "model/pretraining/corpus_order.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "model/data/length_buckets.h"

namespace guichet {

CorpusOrder::CorpusOrder(std::size_t texts, std::function<int(std::size_t)> length,
                         const CorpusOrderOptions& options)
    : texts_(texts), length_(std::move(length)), options_(options) {
  BeginEpoch();
}

std::size_t CorpusOrder::Pools() const {
  const auto size = static_cast<std::size_t>(options_.blocks_per_pool);
  return (blocks_.size() + size - 1) / size;
}

void CorpusOrder::BeginEpoch() {
  const auto size = static_cast<std::size_t>(options_.texts_per_block);
  blocks_.resize((texts_ + size - 1) / size);
  std::iota(blocks_.begin(), blocks_.end(), 0U);
  Random random(MixBits(options_.seed ^ MixBits(static_cast<std::uint64_t>(position_.epoch))));
  random.Shuffle(std::span(blocks_));
  next_pool_ = 0;
  batches_.clear();
  next_batch_ = 0;
}

absl::Status CorpusOrder::LoadPool() {
  const auto block_size = static_cast<std::size_t>(options_.texts_per_block);
  const auto pool_size = static_cast<std::size_t>(options_.blocks_per_pool);
  const std::size_t first = next_pool_ * pool_size;
  std::vector<std::size_t> rows;
  for (const std::uint32_t block :
       std::span(blocks_).subspan(first, std::min(pool_size, blocks_.size() - first))) {
    const std::size_t end = std::min(texts_, (block + 1) * block_size);
    for (std::size_t row = block * block_size; row < end; ++row) rows.push_back(row);
  }
  std::vector<int> lengths;
  lengths.reserve(rows.size());
  for (const std::size_t row : rows) lengths.push_back(length_(row));
  const std::uint64_t place =
      MixBits(static_cast<std::uint64_t>(position_.epoch)) + std::uint64_t{next_pool_};
  GUICHET_ASSIGN_OR_RETURN(
      batches_, LengthGroupedBatches(lengths, {.max_batch_rows = options_.batch_tokens,
                                               .max_padded_tokens = options_.batch_tokens,
                                               .seed = MixBits(options_.seed ^ MixBits(place))}));
  for (auto& batch : batches_) {
    for (std::size_t& row : batch) row = rows[row];
  }
  ++next_pool_;
  next_batch_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::size_t>> CorpusOrder::Next() {
  while (next_batch_ == batches_.size()) {
    if (next_pool_ == Pools()) {
      position_ = {.epoch = position_.epoch + 1, .batch = 0};
      BeginEpoch();
    }
    GUICHET_RETURN_IF_ERROR(LoadPool());
  }
  ++position_.batch;
  return batches_[next_batch_++];
}

absl::Status CorpusOrder::Seek(const CorpusPosition& position) {
  position_ = {.epoch = position.epoch, .batch = 0};
  BeginEpoch();
  while (position_.batch < position.batch && next_pool_ < Pools()) {
    GUICHET_RETURN_IF_ERROR(LoadPool());
    next_batch_ = std::min(batches_.size(), position.batch - position_.batch);
    position_.batch += next_batch_;
  }
  return absl::OkStatus();
}

}  // namespace guichet
