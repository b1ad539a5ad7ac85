#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

struct LengthBucketOptions {
  int max_batch_rows = 32;  // at least 1
  // Most tokens of a batch after padding (rows × longest row); 0: no such bound. A row that is
  // longer alone is a batch of its own.
  std::int64_t max_padded_tokens = 0;
  // Rows are shuffled, then sorted by length within pools of this many batches: the larger, the
  // less padding and the less random the batches. At least 1; Hugging Face's group_by_length
  // has 50.
  int batches_per_pool = 50;
  std::uint64_t seed = 1;  // use another one for every epoch
  // Put the batches in random order too; false keeps the longest of each pool first.
  bool shuffle_batches = true;

  absl::Status Validate() const;
};

// Rows of similar length grouped into batches; every row is in exactly one. The batch with the most
// padded tokens comes first, so that a lack of memory shows at once. A pure function of its
// arguments. INVALID_ARGUMENT for a negative length.
absl::StatusOr<std::vector<std::vector<size_t>>> LengthGroupedBatches(
    std::span<const int> lengths, const LengthBucketOptions& options);

// Σ lengths / Σ (rows × longest) over the batches: 1 means no padding.
double PaddingEfficiency(std::span<const int> lengths,
                         const std::vector<std::vector<size_t>>& batches);

}  // namespace guichet
