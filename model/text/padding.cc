#include "model/text/padding.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

absl::StatusOr<std::size_t> ColumnsOf(std::span<const Encoding> rows,
                                      const PaddingOptions& options) {
  const int multiple = options.pad_to_multiple_of.value_or(1);
  if (multiple < 1) {
    return absl::InvalidArgumentError(
        fmt::format("pad_to_multiple_of is {}: it must be at least 1, or unset", multiple));
  }
  std::size_t longest = 0;
  for (const Encoding& row : rows) longest = std::max(longest, row.ids.size());
  std::size_t columns = longest;
  if (options.strategy == PaddingStrategy::kMaxLength) {
    const int max_length = options.max_length.value_or(0);
    if (max_length < 1) {
      return absl::InvalidArgumentError("padding to max_length needs a max_length of at least 1");
    }
    columns = static_cast<std::size_t>(max_length);
    if (longest > columns) {
      return absl::InvalidArgumentError(
          fmt::format("a row has {} tokens, more than the max_length {} to pad to; truncate it "
                      "first",
                      longest, max_length));
    }
  }
  const auto step = static_cast<std::size_t>(multiple);
  return (columns + step - 1) / step * step;
}

}  // namespace

absl::StatusOr<PaddedBatch> PadBatch(std::span<const Encoding> rows, TokenId padding,
                                     const PaddingOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(const std::size_t columns, ColumnsOf(rows, options));
  PaddedBatch batch;
  batch.rows = static_cast<int>(rows.size());
  batch.columns = static_cast<int>(columns);
  batch.input_ids.assign(rows.size() * columns, padding);
  batch.attention_mask.assign(rows.size() * columns, 0);
  std::size_t start = 0;
  for (const Encoding& row : rows) {
    const auto offset = static_cast<std::ptrdiff_t>(start);
    std::ranges::copy(row.ids, batch.input_ids.begin() + offset);
    std::fill_n(batch.attention_mask.begin() + offset, row.ids.size(), std::uint8_t{1});
    start += columns;
  }
  return batch;
}

}  // namespace guichet
