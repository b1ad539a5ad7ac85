#pragma once

#include <cstdint>

namespace guichet {

// One head of one short sequence, fp32: rows of query, key and value lie `stride` floats apart
// (views into a fused projection).
struct SmallAttentionArguments {
  const float* query = nullptr;  // [query_length] rows of `width`
  const float* key = nullptr;    // [key_length] rows of `width`
  const float* value = nullptr;  // [key_length] rows of `width`
  float* output = nullptr;       // [query_length] rows of `width`
  std::int64_t query_stride = 0;
  std::int64_t key_stride = 0;
  std::int64_t value_stride = 0;
  std::int64_t output_stride = 0;
  std::int64_t query_length = 0;
  std::int64_t key_length = 0;
  std::int64_t width = 0;
  bool causal = false;
  float scale = 1.0F;
};

// Longest key sequence this kernel is made for: its working set then fits the first-level cache,
// where a matrix library's call overhead would cost more than the arithmetic.
inline constexpr std::int64_t kSmallAttentionKeys = 192;
inline constexpr std::int64_t kSmallAttentionWidth = 128;

// softmax(scale · q·kᵀ)·v. key_length and width within the bounds above; width a multiple of 4.
// Thread-safe.
void SmallAttention(const SmallAttentionArguments& arguments);

}  // namespace guichet
