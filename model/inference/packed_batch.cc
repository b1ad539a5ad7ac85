#include "model/inference/packed_batch.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

absl::Status CheckRow(std::span<const TokenId> row, std::size_t index, const RowLimits& limits) {
  const auto refuse = [&](const std::string& problem) {
    return absl::InvalidArgumentError(absl::StrCat("row ", index, ": ", problem));
  };
  if (row.empty()) return refuse("no tokens; a row holds at least one");
  if (row.size() > static_cast<std::size_t>(limits.max_tokens)) {
    return refuse(absl::StrCat(row.size(), " tokens, but the model reads at most ",
                               limits.max_tokens, "; truncate the text"));
  }
  for (const TokenId id : row) {
    if (id < 0 || id >= limits.vocabulary_size) {
      return refuse(absl::StrCat("token id ", id, " is outside the vocabulary (0 to ",
                                 limits.vocabulary_size - 1, ")"));
    }
  }
  if (limits.needs_end && std::find(row.begin(), row.end(), limits.end_id) == row.end()) {
    return refuse(absl::StrCat("no </s> (id ", limits.end_id,
                               "), whose state this model classifies; add special tokens"));
  }
  return absl::OkStatus();
}

}  // namespace

std::int64_t PackedBatch::longest() const {
  std::int64_t longest = 0;
  for (std::size_t r = 0; r < rows(); ++r) {
    longest = std::max(longest, offsets[r + 1] - offsets[r]);
  }
  return longest;
}

absl::StatusOr<PackedBatch> PackRows(std::span<const std::span<const TokenId>> rows,
                                     const RowLimits& limits) {
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    GUICHET_RETURN_IF_ERROR(CheckRow(rows[i], i, limits));
    tokens += rows[i].size();
  }
  PackedBatch batch;
  batch.original.resize(rows.size());
  std::iota(batch.original.begin(), batch.original.end(), std::size_t{0});
  std::stable_sort(batch.original.begin(), batch.original.end(),
                   [&](std::size_t a, std::size_t b) { return rows[a].size() < rows[b].size(); });
  batch.ids.reserve(tokens);
  batch.positions.reserve(tokens);
  batch.offsets.push_back(0);
  for (const std::size_t index : batch.original) {
    std::int64_t last_end = -1;
    for (std::size_t t = 0; t < rows[index].size(); ++t) {
      if (rows[index][t] == limits.end_id) last_end = batch.tokens();
      batch.ids.push_back(rows[index][t]);
      batch.positions.push_back(static_cast<std::int64_t>(t));
    }
    batch.offsets.push_back(batch.tokens());
    batch.last_end.push_back(last_end);
  }
  return batch;
}

}  // namespace guichet
