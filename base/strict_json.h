#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "absl/status/statusor.h"

namespace guichet {

// What a JSON text from outside may cost. Checked in one pass before anything is allocated.
struct JsonLimits {
  size_t max_bytes = size_t{1} << 20;         // of the whole text
  size_t max_values = 20'000;                 // objects, arrays and scalars together
  size_t max_depth = 32;                      // nested objects and arrays
  size_t max_string_bytes = size_t{1} << 16;  // of one name or string as written
};

// Parses exactly one JSON value of RFC 8259: valid UTF-8, no comments, no trailing text, and no
// name twice in an object (which most parsers hide). Whole numbers beyond 64 bits come out as
// floating point, so is_number_unsigned() tells exact ones. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<nlohmann::json> ParseStrictJson(std::string_view text,
                                               const JsonLimits& limits = {});

}  // namespace guichet
