#include "model/network/padded_batch.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

absl::Status Refuse(int row, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("row ", row, " of the batch ", what));
}

absl::Status CheckSizes(const PaddedBatch& batch, const BartConfig& config) {
  if (batch.rows < 1 || batch.length < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the batch has ", batch.rows, " rows of ", batch.length,
                     " tokens; give at least one row with one token"));
  }
  const std::size_t cells =
      static_cast<std::size_t>(batch.rows) * static_cast<std::size_t>(batch.length);
  if (batch.ids.size() != cells || (!batch.mask.empty() && batch.mask.size() != cells)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the batch of ", batch.rows, " rows of ", batch.length, " tokens holds ",
                     batch.ids.size(), " ids and ", batch.mask.size(),
                     " mask values; both must be ", cells, ", or the mask empty"));
  }
  if (batch.length > config.max_position_embeddings) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the batch is ", batch.length, " tokens long, the model has ",
        config.max_position_embeddings, " positions; truncate the texts when encoding them"));
  }
  return absl::OkStatus();
}

absl::Status CheckTokens(int row, std::span<const TokenId> ids, const BartConfig& config) {
  for (const TokenId id : ids) {
    if (id < 0 || id >= config.vocab_size) {
      return Refuse(row, absl::StrCat("holds token id ", id, "; the vocabulary is 0 to ",
                                      config.vocab_size - 1));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMask(int row, std::span<const TokenId> ids, std::span<const std::uint8_t> mask,
                       const BartConfig& config) {
  const bool visible =
      mask.empty() ? std::ranges::any_of(ids, [&](TokenId id) { return id != config.pad_token_id; })
                   : std::ranges::any_of(mask, [](std::uint8_t value) { return value != 0; });
  if (!visible) return Refuse(row, "has no visible token; leave empty texts out");
  if (ids.front() == config.pad_token_id || (!mask.empty() && mask.front() == 0)) {
    return Refuse(row, "is padded on the left; pad on the right");
  }
  return absl::OkStatus();
}

}  // namespace

PaddedBatch PadRows(std::span<const std::span<const TokenId>> rows, TokenId padding) {
  PaddedBatch batch;
  batch.rows = static_cast<int>(rows.size());
  std::size_t longest = 0;
  for (const std::span<const TokenId> row : rows) longest = std::max(longest, row.size());
  batch.length = static_cast<int>(longest);
  batch.ids.assign(rows.size() * longest, padding);
  batch.mask.assign(rows.size() * longest, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto start = static_cast<std::ptrdiff_t>(i * longest);
    std::ranges::copy(rows[i], batch.ids.begin() + start);
    std::fill_n(batch.mask.begin() + start, rows[i].size(), std::uint8_t{1});
  }
  return batch;
}

PaddedBatch EveryNthRow(const PaddedBatch& batch, int first, int step) {
  PaddedBatch part;
  part.length = batch.length;
  for (int row = first; row < batch.rows; row += step) {
    ++part.rows;
    const auto ids = batch.Row(row);
    part.ids.insert(part.ids.end(), ids.begin(), ids.end());
    const auto mask = batch.MaskRow(row);
    part.mask.insert(part.mask.end(), mask.begin(), mask.end());
  }
  return part;
}

absl::Status CheckRows(const PaddedBatch& batch, const BartConfig& config) {
  GUICHET_RETURN_IF_ERROR(CheckSizes(batch, config));
  for (int row = 0; row < batch.rows; ++row) {
    const std::span<const TokenId> ids = batch.Row(row);
    GUICHET_RETURN_IF_ERROR(CheckTokens(row, ids, config));
    GUICHET_RETURN_IF_ERROR(CheckMask(row, ids, batch.MaskRow(row), config));
  }
  return absl::OkStatus();
}

absl::Status CheckBatch(const PaddedBatch& batch, const BartConfig& config) {
  GUICHET_RETURN_IF_ERROR(CheckRows(batch, config));
  const bool decoder = config.head() == HeadKind::kEncoderDecoder;
  const bool needs_end = decoder || config.pooling == Pooling::kLastEos;
  std::ptrdiff_t first_ends = 0;
  for (int row = 0; row < batch.rows; ++row) {
    const std::ptrdiff_t ends = std::ranges::count(batch.Row(row), config.eos_token_id);
    if (needs_end && ends == 0) {
      return Refuse(row, "has no </s>; encode texts with special tokens");
    }
    if (row == 0) first_ends = ends;
    if (decoder && ends != first_ends) {
      return Refuse(row, absl::StrCat("has ", ends, " </s>, row 0 has ", first_ends,
                                      "; all rows of a batch must have the same number: do not mix "
                                      "texts and pairs, and escape </s> in texts"));
    }
  }
  return absl::OkStatus();
}

std::vector<TokenId> ShiftTokensRight(std::span<const TokenId> row, TokenId padding) {
  std::vector<TokenId> shifted(row.size());
  if (row.empty()) return shifted;
  const std::ptrdiff_t present =
      static_cast<std::ptrdiff_t>(row.size()) - std::ranges::count(row, padding);
  const std::size_t last = present > 0 ? static_cast<std::size_t>(present - 1) : row.size() - 1;
  shifted[0] = row[last];
  std::copy(row.begin(), row.end() - 1, shifted.begin() + 1);
  return shifted;
}

int LastPositionOf(std::span<const TokenId> row, TokenId token) {
  for (std::size_t i = row.size(); i > 0; --i) {
    if (row[i - 1] == token) return static_cast<int>(i - 1);
  }
  return -1;
}

}  // namespace guichet
