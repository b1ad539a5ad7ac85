#pragma once

#include <cstdint>
#include <span>

namespace guichet {

// One step's attention over a cache, fp32: some queries that see the same keys, which are rows of
// the cache in any order. So beams that part leave their common past where it is, and beams of one
// text share its encoder states.
struct CachedAttentionArguments {
  const float* query = nullptr;   // [queries, heads * width], end to end
  float* output = nullptr;        // the same shape
  const float* keys = nullptr;    // rows of [heads * width], `stride` floats apart
  const float* values = nullptr;  // as the keys
  std::int64_t stride = 0;
  std::span<const std::int32_t> rows;  // those that are seen, at least one
  std::int64_t queries = 0;
  std::int64_t heads = 0;
  std::int64_t width = 0;  // of a head; a multiple of kCachedAttentionWidths
};
inline constexpr std::int64_t kCachedAttentionWidths = 8;

// softmax(q·kᵀ / √width)·v for each query and head. Thread-safe.
void CachedAttention(const CachedAttentionArguments& arguments);

}  // namespace guichet
