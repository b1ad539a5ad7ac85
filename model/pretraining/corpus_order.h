#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

struct CorpusOrderOptions {
  // Most tokens of a batch, padding included; a longer text is a batch of its own. At least 1.
  int batch_tokens = 4096;
  // Texts that lie side by side are read as a block; a pool of blocks from anywhere in the corpus
  // is shuffled and grouped by length at a time, which bounds memory. Both at least 1.
  int texts_per_block = 256;
  int blocks_per_pool = 64;
  std::uint64_t seed = 1;
};

// Where reading stands: the batch that comes next.
struct CorpusPosition {
  int epoch = 1;          // from 1
  std::size_t batch = 0;  // of the epoch

  friend bool operator==(const CorpusPosition&, const CorpusPosition&) = default;
};

// The order in which the texts of a corpus are read, epoch after epoch: a pure function of seed,
// epoch and lengths, so that a position is all that needs to be remembered. In every epoch each
// text is in exactly one batch. Not thread-safe.
class CorpusOrder {
 public:
  // `length` of each of `texts` texts, at least 1 of them, lasts as long as the object.
  CorpusOrder(std::size_t texts, std::function<int(std::size_t)> length,
              const CorpusOrderOptions& options);

  // The texts of the next batch. INVALID_ARGUMENT: an option out of range.
  absl::StatusOr<std::vector<std::size_t>> Next();

  const CorpusPosition& position() const { return position_; }
  // Goes to a position that position() gave; past the end of its epoch it is the next one's first.
  absl::Status Seek(const CorpusPosition& position);

 private:
  std::size_t Pools() const;
  // Orders the blocks of the position's epoch.
  void BeginEpoch();
  absl::Status LoadPool();

  const std::size_t texts_;
  const std::function<int(std::size_t)> length_;
  const CorpusOrderOptions options_;
  CorpusPosition position_;
  std::vector<std::uint32_t> blocks_;  // in the epoch's order
  std::size_t next_pool_ = 0;
  std::vector<std::vector<std::size_t>> batches_;  // of the pool under way
  std::size_t next_batch_ = 0;                     // among them
};

}  // namespace guichet
