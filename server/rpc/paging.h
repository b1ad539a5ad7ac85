#pragma once

#include <charconv>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "absl/status/statusor.h"

namespace guichet {

// What the calls that answer in pages share.

// The page size that is meant: 0 asks for the default. INVALID_ARGUMENT: out of range.
inline absl::StatusOr<std::int32_t> PageSize(std::int32_t asked) {
  constexpr std::int32_t kDefault = 50;
  constexpr std::int32_t kLargest = 200;
  if (asked >= 0 && asked <= kLargest) return asked == 0 ? kDefault : asked;
  return absl::InvalidArgumentError(
      fmt::format("page_size is {}; it must be 0 to {}", asked, kLargest));
}

inline absl::Status WrongPageToken() {
  return absl::InvalidArgumentError(
      "page_token: it must be the next_page_token of the last answer");
}

// A token that is the number of the last row told, where rows come newest first; empty: from the
// newest on.
inline absl::StatusOr<std::int64_t> NumberBefore(const std::string& token) {
  std::int64_t before = INT64_MAX;
  const char* end = token.data() + token.size();
  if (!token.empty() && std::from_chars(token.data(), end, before).ptr != end) {
    return WrongPageToken();
  }
  return before;
}

}  // namespace guichet
