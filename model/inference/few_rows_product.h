#pragma once

#include <cstdint>

namespace guichet {

// out = x · weightᵀ + bias for a few rows of x, fp32: for so few the time is that of reading the
// weight, which is read once, where a matrix library's product reads it slower than memory gives
// it.
struct FewRowsArguments {
  const float* x = nullptr;       // [rows, inputs]
  const float* weight = nullptr;  // [outputs, inputs]
  const float* bias = nullptr;    // [outputs]
  float* out = nullptr;           // [rows, outputs]
  std::int64_t rows = 0;
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  bool add = false;  // to what out holds
};

// As many rows as this kernel is the faster one for.
inline constexpr std::int64_t kFewRows = 48;

// The outputs from `begin` to before `end`, of every row. Thread-safe for outputs apart.
void MultiplyFewRows(const FewRowsArguments& arguments, std::int64_t begin, std::int64_t end);

}  // namespace guichet
