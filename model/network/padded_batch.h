#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "model/network/bart_config.h"
#include "model/text/tokenizer.h"

namespace guichet {

// Token ids of several texts in a rectangle, row by row, shorter rows filled up on the right with
// padding. mask is 1 where the encoder may look and 0 elsewhere; with an empty mask it looks
// everywhere, padding included (Hugging Face's behaviour when no attention mask is given).
struct PaddedBatch {
  int rows = 0;
  int length = 0;                  // tokens of a row, padding included
  std::vector<TokenId> ids;        // rows * length
  std::vector<std::uint8_t> mask;  // rows * length, or empty

  std::span<const TokenId> Row(int row) const {
    return std::span(ids).subspan(Offset(row), static_cast<std::size_t>(length));
  }
  std::span<const std::uint8_t> MaskRow(int row) const {
    if (mask.empty()) return {};
    return std::span(mask).subspan(Offset(row), static_cast<std::size_t>(length));
  }

 private:
  std::size_t Offset(int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(length);
  }
};

// Pads rows to the longest of them, with their mask.
PaddedBatch PadRows(std::span<const std::span<const TokenId>> rows, TokenId padding);

// Rows first, first + step, first + 2 · step, … of a batch.
PaddedBatch EveryNthRow(const PaddedBatch& batch, int first, int step);

// Whether the embeddings and the encoder of `config` can read the batch: all the rules of
// CheckBatch but those about </s>.
absl::Status CheckRows(const PaddedBatch& batch, const BartConfig& config);

// Whether the classifier of `config` can read the batch. INVALID_ARGUMENT names the row and the
// rule: sizes that do not fit together, more tokens than positions, ids outside the vocabulary, a
// row without visible tokens, padding on the left (positions would shift), and </s>: an
// encoder-decoder head needs the same number, at least one, in every row; last-eos pooling at least
// one.
absl::Status CheckBatch(const PaddedBatch& batch, const BartConfig& config);

// The decoder's input of a row, as MBart's shift_tokens_right: all tokens one to the right, and in
// front the last one that is not padding.
std::vector<TokenId> ShiftTokensRight(std::span<const TokenId> row, TokenId padding);

// The last position of a row whose token is </s>; -1 when it has none.
int LastPositionOf(std::span<const TokenId> row, TokenId token);

}  // namespace guichet
