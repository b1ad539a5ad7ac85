#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

namespace guichet {

enum class PaddingStrategy { kLongest, kMaxLength };

// How rows are brought to one length, on the right (Hugging Face's padding="longest" or
// "max_length").
struct PaddingOptions {
  PaddingStrategy strategy = PaddingStrategy::kLongest;
  // The length in tokens with kMaxLength; not read with kLongest. At least 1.
  std::optional<int> max_length = std::nullopt;
  // Rounds the length up to a multiple of this, for tensor cores. At least 1.
  std::optional<int> pad_to_multiple_of = std::nullopt;
};

// Rows of equal length, row by row.
struct PaddedBatch {
  int rows = 0;
  int columns = 0;
  std::vector<TokenId> input_ids;            // [rows][columns]
  std::vector<std::uint8_t> attention_mask;  // [rows][columns]: 1 for a token, 0 for padding
};

// INVALID_ARGUMENT when an option is out of range or a row is longer than max_length.
absl::StatusOr<PaddedBatch> PadBatch(std::span<const Encoding> rows, TokenId padding,
                                     const PaddingOptions& options);

}  // namespace guichet
