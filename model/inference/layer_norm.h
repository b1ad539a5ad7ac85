#pragma once

#include <cstdint>

namespace guichet {

// LayerNorm over the last dimension of fp32 rows that lie end to end; out may be x. Thread-safe.
struct LayerNormArguments {
  const float* x = nullptr;       // [rows, width]
  const float* weight = nullptr;  // [width]
  const float* bias = nullptr;    // [width]
  float* out = nullptr;           // [rows, width]
  std::int64_t rows = 0;
  std::int64_t width = 0;  // above 0
  float epsilon = 1e-5F;
};
void LayerNormRows(const LayerNormArguments& arguments);

}  // namespace guichet
