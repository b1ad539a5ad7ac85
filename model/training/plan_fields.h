#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status_macros.h"

// Numbers of a plan with their keys and ranges, for checking, reading and writing them alike. Seen
// by the .cc files of plans alone.

namespace guichet {

// Whether a bound itself is allowed.
enum class Bounds { kClosed, kOpenBelow, kOpenAbove };

struct Range {
  double min;
  double max;
  Bounds bounds;

  // "above 0 to 1", "0 to below 1".
  std::string Words() const;
};
inline constexpr Range kProbability{0.0, 1.0, Bounds::kOpenAbove};

template <typename Plan>
struct IntegerField {
  const char* key;
  const char* help;  // one line
  int Plan::* member;
  int min;
  int max;
};

template <typename Plan>
struct NumberField {
  const char* key;
  const char* help;  // one line
  double Plan::* member;
  Range range;
};

template <typename Plan>
struct OptionalNumberField {
  const char* key;
  const char* help;  // one line
  std::optional<double> Plan::* member;
};

// INVALID_ARGUMENT names the key, its value and its range.
absl::Status CheckNumber(std::string_view key, double value, const Range& range);

template <typename Plan, typename Integers, typename Numbers>
absl::Status CheckFields(const Plan& plan, const Integers& integers, const Numbers& numbers) {
  for (const IntegerField<Plan>& field : integers) {
    const int value = plan.*field.member;
    if (value < field.min || value > field.max) {
      return absl::InvalidArgumentError(fmt::format("{} is {}; give a whole number from {} to {}",
                                                    field.key, value, field.min, field.max));
    }
  }
  for (const NumberField<Plan>& field : numbers) {
    GUICHET_RETURN_IF_ERROR(CheckNumber(field.key, plan.*field.member, field.range));
  }
  return absl::OkStatus();
}

}  // namespace guichet
