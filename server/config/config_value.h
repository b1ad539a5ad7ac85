#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// How values are written in the configuration, whatever the source. Durations and sizes carry their
// unit, so that a number is never taken for another unit; reading what was written gives the value
// back. All errors are INVALID_ARGUMENT and say what would do.

namespace guichet {

// "true" or "false".
absl::StatusOr<bool> ParseBool(std::string_view text);

// A whole number in decimal digits, with a sign at most.
absl::StatusOr<std::int64_t> ParseInteger(std::string_view text);

// A whole number and us, ms, s, m or h: "250ms", "5m". "0" needs no unit.
absl::StatusOr<std::chrono::microseconds> ParseDuration(std::string_view text);
std::string FormatDuration(std::chrono::microseconds duration);  // in its largest whole unit

// A whole number of bytes, or with KiB, MiB or GiB: "4MiB".
absl::StatusOr<std::size_t> ParseBytes(std::string_view text);
std::string FormatBytes(std::size_t bytes);  // in its largest whole unit

}  // namespace guichet
