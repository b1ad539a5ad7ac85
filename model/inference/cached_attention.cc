#include "model/inference/cached_attention.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/every_cpu.h"

namespace guichet {
namespace {

constexpr float kUnseen = -1e30F;  // a score whose exponential no sum sees

// Vectors of a value that are worked on together: as many as are sure to have their sums in
// registers.
constexpr std::int64_t kChunk = 4;

// weights[t] = query · key_t · scale.
GUICHET_INLINE void Score(const CachedAttentionArguments& a, const float* query,
                          std::int64_t offset, float scale, float* weights) {
  for (std::size_t t = 0; t < a.rows.size(); ++t) {
    const float* key = a.keys + a.rows[t] * a.stride + offset;
    Lanes sums = {};
    for (std::int64_t k = 0; k < a.width; k += kLanes) {
      Lanes left;
      Lanes right;
      std::memcpy(&left, query + k, sizeof(left));
      std::memcpy(&right, key + k, sizeof(right));
      sums += left * right;
    }
    weights[t] = Sum(sums) * scale;
  }
}

// output = sum of weights[t] · value_t / total.
GUICHET_INLINE void Mix(const CachedAttentionArguments& a, const float* weights, float total,
                        std::int64_t offset, float* output) {
  for (std::int64_t begin = 0; begin < a.width; begin += kChunk * kLanes) {
    const std::int64_t chunk = std::min(kChunk, (a.width - begin) / kLanes);
    Lanes sums[kChunk] = {};
    for (std::size_t t = 0; t < a.rows.size(); ++t) {
      const float* value = a.values + a.rows[t] * a.stride + offset + begin;
      for (std::int64_t c = 0; c < chunk; ++c) {
        Lanes row;
        std::memcpy(&row, value + c * kLanes, sizeof(row));
        sums[c] += weights[t] * row;
      }
    }
    for (std::int64_t c = 0; c < chunk; ++c) {
      sums[c] /= total;
      std::memcpy(output + begin + c * kLanes, &sums[c], sizeof(Lanes));
    }
  }
}

GUICHET_EVERY_CPU void Attend(const CachedAttentionArguments& a, std::vector<float>& weights) {
  const auto visible = static_cast<std::int64_t>(a.rows.size());
  const std::int64_t padded = (visible + kLanes - 1) / kLanes * kLanes;
  const float scale = 1.0F / std::sqrt(static_cast<float>(a.width));
  weights.resize(static_cast<std::size_t>(padded));
  for (std::int64_t head = 0; head < a.heads; ++head) {
    for (std::int64_t q = 0; q < a.queries; ++q) {
      const std::int64_t offset = head * a.width;
      const std::int64_t at = q * a.heads * a.width + offset;
      Score(a, a.query + at, offset, scale, weights.data());
      std::fill(weights.begin() + visible, weights.end(), kUnseen);
      const float total = Exponentiate(padded, weights.data());
      Mix(a, weights.data(), total, offset, a.output + at);
    }
  }
}

}  // namespace

void CachedAttention(const CachedAttentionArguments& arguments) {
  thread_local std::vector<float> weights;
  Attend(arguments, weights);
}

}  // namespace guichet
