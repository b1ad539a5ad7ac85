#include "model/training/training_data.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/data/length_buckets.h"
#include "model/training/class_balance.h"

namespace guichet {
namespace {

constexpr TokenId kUnknown = SpecialTokenIds{}.unknown;

// The rules of CheckBatch for one example alone; `ends` is the number of </s> in the first one.
absl::Status CheckExample(std::size_t index, std::span<const TokenId> ids, int label,
                          const BartConfig& config) {
  if (label < 0 || label >= config.num_labels()) {
    return absl::InvalidArgumentError(fmt::format("example {} has label {}; labels are 0 to {}",
                                                  index, label, config.num_labels() - 1));
  }
  const PaddedBatch alone = PadRows(std::span(&ids, 1), config.pad_token_id);
  absl::Status status = CheckBatch(alone, config);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      fmt::format("example {}: {}", index, std::string(status.message())));
}

}  // namespace

absl::StatusOr<TrainingData> TrainingData::Make(std::span<const TrainingExample> examples,
                                                const BartConfig& config, int max_tokens) {
  TrainingData data;
  data.config_ = config;
  const auto longest =
      static_cast<std::size_t>(std::min(max_tokens, config.max_position_embeddings));
  std::ptrdiff_t first_ends = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    std::vector<TokenId> ids = examples[i].ids;
    if (ids.size() > longest) {
      ids[longest - 1] = ids.back();
      ids.resize(longest);
      ++data.truncated_;
    }
    GUICHET_RETURN_IF_ERROR(CheckExample(i, ids, examples[i].label, config));
    const std::ptrdiff_t ends = std::ranges::count(ids, config.eos_token_id);
    if (i == 0) first_ends = ends;
    if (config.head() == HeadKind::kEncoderDecoder && ends != first_ends) {
      return absl::InvalidArgumentError(
          fmt::format("example {} has {} </s>, example 0 has {}; an encoder-decoder classifier "
                      "needs the same number in all: do not mix texts and pairs",
                      i, ends, first_ends));
    }
    data.lengths_.push_back(static_cast<int>(ids.size()));
    data.labels_.push_back(examples[i].label);
    data.ids_.push_back(std::move(ids));
  }
  return data;
}

std::vector<TokenId> TrainingData::Tokens() const {
  std::vector<TokenId> tokens;
  if (kUnknown < config_.vocab_size) tokens.push_back(kUnknown);
  for (const auto& ids : ids_) tokens.insert(tokens.end(), ids.begin(), ids.end());
  return tokens;
}

absl::StatusOr<std::vector<std::vector<std::size_t>>> TrainingData::Shuffled(
    const BatchOptions& options) const {
  LengthBucketOptions buckets;
  buckets.max_batch_rows = options.batch_size;
  buckets.seed = options.seed;
  const std::vector<std::size_t> rows =
      SampleRows(labels_, config_.num_labels(), options.sampling, MixBits(options.seed));
  std::vector<int> lengths;
  for (const std::size_t row : rows) lengths.push_back(lengths_[row]);
  GUICHET_ASSIGN_OR_RETURN(auto batches, LengthGroupedBatches(lengths, buckets));
  for (auto& batch : batches) {
    for (std::size_t& row : batch) row = rows[row];
  }
  return batches;
}

std::vector<std::vector<std::size_t>> TrainingData::ByLength(int batch_size) const {
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t row) { return std::pair(lengths_[row], row); });
  std::vector<std::vector<std::size_t>> batches;
  const auto step = static_cast<std::size_t>(batch_size);
  for (std::size_t start = 0; start < order.size(); start += step) {
    const std::size_t end = std::min(order.size(), start + step);
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(start),
                         order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return batches;
}

bool TrainingData::IsSpecial(TokenId id) const {
  return id == config_.bos_token_id || id == config_.eos_token_id || id == config_.pad_token_id;
}

TrainingBatch TrainingData::Batch(std::span<const std::size_t> rows) const {
  TrainingBatch batch;
  std::vector<std::span<const TokenId>> texts;
  for (const std::size_t row : rows) {
    texts.emplace_back(ids_[row]);
    batch.labels.push_back(labels_[row]);
  }
  batch.tokens = PadRows(texts, config_.pad_token_id);
  return batch;
}

TrainingBatch TrainingData::Batch(std::span<const std::size_t> rows, double token_dropout,
                                  Random& random) const {
  TrainingBatch batch = Batch(rows);
  if (token_dropout <= 0.0) return batch;
  for (TokenId& id : batch.tokens.ids) {
    if (!IsSpecial(id) && random.Chance(token_dropout)) id = kUnknown;
  }
  return batch;
}

}  // namespace guichet
