#pragma once

namespace guichet {

// The values an option may take, both ends included. One constant of this type serves the check,
// the documentation and the message.
template <typename T>
struct Range {
  T min;
  T max;

  constexpr bool Contains(const T& value) const { return min <= value && value <= max; }
};

}  // namespace guichet
