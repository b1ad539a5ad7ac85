#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/network/bart_config.h"
#include "model/text/tokenizer.h"

namespace guichet {

// Rows of token ids laid end to end, shortest first, with no padding: row r owns positions
// [offsets[r], offsets[r + 1]). The shape of a batch on the serving path.
struct PackedBatch {
  std::vector<TokenId> ids;             // [tokens]
  std::vector<std::int64_t> positions;  // [tokens], 0 at the start of each row
  std::vector<std::int64_t> offsets;    // [rows + 1]
  std::vector<std::int64_t>
      last_end;  // [rows], index into ids of the row's last </s>; -1: it has none
  std::vector<std::size_t> original;  // [rows], the caller's index of packed row r

  std::size_t rows() const { return original.size(); }
  std::int64_t tokens() const { return static_cast<std::int64_t>(ids.size()); }
  std::int64_t longest() const;
};

// What a model accepts as a row.
struct RowLimits {
  int vocabulary_size = 0;
  int max_tokens = 0;
  TokenId end_id = 2;
  bool needs_end = false;  // a row without </s> has no state to classify
};

// Checks and packs rows. INVALID_ARGUMENT names the first row that is empty, too long, holds an id
// outside the vocabulary or lacks a needed </s>.
absl::StatusOr<PackedBatch> PackRows(std::span<const std::span<const TokenId>> rows,
                                     const RowLimits& limits);

}  // namespace guichet
