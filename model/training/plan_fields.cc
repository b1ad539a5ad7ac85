#include "model/training/plan_fields.h"

namespace guichet {

std::string Range::Words() const {
  return fmt::format("{}{} to {}{}", bounds == Bounds::kOpenBelow ? "above " : "", min,
                     bounds == Bounds::kOpenAbove ? "below " : "", max);
}

absl::Status CheckNumber(std::string_view key, double value, const Range& range) {
  const bool low = range.bounds == Bounds::kOpenBelow ? value > range.min : value >= range.min;
  const bool high = range.bounds == Bounds::kOpenAbove ? value < range.max : value <= range.max;
  if (low && high) return absl::OkStatus();  // false for NaN
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; give a number {}{} {}{}", key, value,
                  range.bounds == Bounds::kOpenBelow ? "above " : "from ", range.min,
                  range.bounds == Bounds::kOpenAbove ? "to below " : "to ", range.max));
}

}  // namespace guichet
