#include "model/data/length_buckets.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

std::int64_t PaddedTokens(std::span<const int> lengths, const std::vector<size_t>& batch) {
  int longest = 0;
  for (const size_t row : batch) longest = std::max(longest, lengths[row]);
  return static_cast<std::int64_t>(batch.size()) * longest;
}

// Rows of equal length keep their random order.
void SortByFallingLength(std::span<size_t> rows, std::span<const int> lengths) {
  struct Entry {
    int length;
    size_t position;
    size_t row;
  };
  std::vector<Entry> entries;
  entries.reserve(rows.size());
  for (const size_t row : rows) entries.push_back({lengths[row], entries.size(), row});
  std::ranges::sort(entries, {},
                    [](const Entry& entry) { return std::pair(-entry.length, entry.position); });
  std::ranges::transform(entries, rows.begin(), &Entry::row);
}

// Cuts rows of falling length into batches; the first row of each is its longest.
void CutIntoBatches(std::span<const size_t> rows, std::span<const int> lengths,
                    const LengthBucketOptions& options, std::vector<std::vector<size_t>>& batches) {
  for (size_t begin = 0; begin < rows.size();) {
    auto size = static_cast<size_t>(options.max_batch_rows);
    const int longest = lengths[rows[begin]];
    if (options.max_padded_tokens > 0 && longest > 0) {
      const std::int64_t fit = std::max<std::int64_t>(1, options.max_padded_tokens / longest);
      size = std::min(size, static_cast<size_t>(fit));
    }
    const auto batch = rows.subspan(begin, std::min(size, rows.size() - begin));
    batches.emplace_back(batch.begin(), batch.end());
    begin += batch.size();
  }
}

}  // namespace

absl::Status LengthBucketOptions::Validate() const {
  if (max_batch_rows < 1) {
    return absl::InvalidArgumentError(
        fmt::format("max_batch_rows must be at least 1, not {}", max_batch_rows));
  }
  if (max_padded_tokens < 0) {
    return absl::InvalidArgumentError(
        fmt::format("max_padded_tokens must be 0 (no bound) or more, not {}", max_padded_tokens));
  }
  if (batches_per_pool < 1) {
    return absl::InvalidArgumentError(
        fmt::format("batches_per_pool must be at least 1, not {}", batches_per_pool));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::vector<size_t>>> LengthGroupedBatches(
    std::span<const int> lengths, const LengthBucketOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  const auto negative = std::ranges::find_if(lengths, [](int length) { return length < 0; });
  if (negative != lengths.end()) {
    return absl::InvalidArgumentError(
        fmt::format("row {}: length {} is negative", negative - lengths.begin(), *negative));
  }
  std::vector<size_t> rows(lengths.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  Random random(options.seed);
  random.Shuffle(std::span<size_t>(rows));
  const size_t pool_rows =
      static_cast<size_t>(options.max_batch_rows) * static_cast<size_t>(options.batches_per_pool);
  std::vector<std::vector<size_t>> batches;
  for (size_t begin = 0; begin < rows.size(); begin += pool_rows) {
    const std::span<size_t> pool =
        std::span(rows).subspan(begin, std::min(pool_rows, rows.size() - begin));
    SortByFallingLength(pool, lengths);
    CutIntoBatches(pool, lengths, options, batches);
  }
  if (options.shuffle_batches) random.Shuffle(std::span<std::vector<size_t>>(batches));
  const auto largest = std::ranges::max_element(
      batches, {}, [&](const auto& batch) { return PaddedTokens(lengths, batch); });
  if (largest != batches.end()) std::rotate(batches.begin(), largest, largest + 1);
  return batches;
}

double PaddingEfficiency(std::span<const int> lengths,
                         const std::vector<std::vector<size_t>>& batches) {
  std::int64_t padded = 0;
  std::int64_t real = 0;
  for (const auto& batch : batches) {
    padded += PaddedTokens(lengths, batch);
    for (const size_t row : batch) real += lengths[row];
  }
  return padded > 0 ? static_cast<double>(real) / static_cast<double>(padded) : 1;
}

}  // namespace guichet
