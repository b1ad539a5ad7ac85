#include "model/inference/small_attention.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <numeric>

// Compiled for several instruction sets, chosen when the program starts; sanitizers cannot run such
// choosers.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__clang__)
#define GUICHET_EVERY_CPU \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GUICHET_EVERY_CPU
#endif
#define GUICHET_INLINE \
  inline __attribute__((always_inline))  // so that it is compiled with its caller

namespace guichet {
namespace {

// e^x for x <= 0 within 2 units in the last place, free of branches so that loops over it
// vectorise: 2^n · e^r with |r| <= ln(2)/2 and the polynomial of Cephes' expf. Below -87 the result
// is the smallest normal number, which no sum sees.
GUICHET_INLINE float ExpOfNegative(float x) {
  constexpr float kLog2E = 1.44269504088896341F;
  constexpr float kRounder = 12582912.0F;  // 1.5 · 2^23: adding it rounds to an integer
  x = std::max(x, -87.0F);
  const float shifted = x * kLog2E + kRounder;
  const float n = shifted - kRounder;
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float p = 1.9875691500E-4F;
  p = p * r + 1.3981999507E-3F;
  p = p * r + 8.3334519073E-3F;
  p = p * r + 4.1665795894E-2F;
  p = p * r + 1.6666665459E-1F;
  p = p * r + 5.0000001201E-1F;
  p = p * r * r + r + 1.0F;
  const auto exponent = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(shifted) << 23U);
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(p) + exponent);
}

constexpr std::int64_t kPaddedKeys = (kSmallAttentionKeys + 15) / 16 * 16;  // whole vectors

struct Workspace {
  alignas(64) std::array<float, kSmallAttentionWidth * kPaddedKeys> keys;  // [width][padded keys]
  alignas(64) std::array<float, kPaddedKeys> scores;
  alignas(64) std::array<float, kSmallAttentionWidth> sum;
};

constexpr std::int64_t kLanes = 16;
constexpr float kUnseen = -1e30F;  // a score whose exponential no sum sees

// Keys transposed to [width][padded], so that the loops over keys below read memory in order.
GUICHET_INLINE void TransposeKeys(const SmallAttentionArguments& a, std::int64_t padded,
                                  float* keys) {
  for (std::int64_t k = 0; k < a.width; ++k) {
    float* row = keys + k * padded;
    for (std::int64_t j = 0; j < a.key_length; ++j) row[j] = a.key[j * a.key_stride + k];
    for (std::int64_t j = a.key_length; j < padded; ++j) row[j] = 0.0F;
  }
}

// scores[j] = scale · query·key_j for the visible keys, kUnseen up to `span`.
GUICHET_INLINE void Score(const SmallAttentionArguments& a, const float* query, const float* keys,
                          std::int64_t padded, std::int64_t visible, std::int64_t span,
                          float* scores) {
  for (std::int64_t j = 0; j < span; ++j) scores[j] = 0.0F;
  for (std::int64_t k = 0; k < a.width; k += 4) {
    const float* row = keys + k * padded;
    const float q0 = query[k] * a.scale;
    const float q1 = query[k + 1] * a.scale;
    const float q2 = query[k + 2] * a.scale;
    const float q3 = query[k + 3] * a.scale;
    for (std::int64_t j = 0; j < span; ++j) {
      scores[j] +=
          q0 * row[j] + q1 * row[padded + j] + q2 * row[2 * padded + j] + q3 * row[3 * padded + j];
    }
  }
  for (std::int64_t j = visible; j < span; ++j) scores[j] = kUnseen;
}

// Turns scores into exponentials and returns their sum. Sixteen running values each, so that the
// loops vectorise.
GUICHET_INLINE float Exponentiate(std::int64_t span, float* scores) {
  std::array<float, kLanes> lanes;
  lanes.fill(kUnseen);
  for (std::int64_t j = 0; j < span; j += kLanes) {
    for (std::int64_t l = 0; l < kLanes; ++l) lanes[l] = std::max(lanes[l], scores[j + l]);
  }
  const float largest = *std::max_element(lanes.begin(), lanes.end());
  lanes.fill(0.0F);
  for (std::int64_t j = 0; j < span; j += kLanes) {
    for (std::int64_t l = 0; l < kLanes; ++l) {
      scores[j + l] = ExpOfNegative(scores[j + l] - largest);
      lanes[l] += scores[j + l];
    }
  }
  return std::accumulate(lanes.begin(), lanes.end(), 0.0F);
}

// output = sum of weight_j · value_j / total, four rows at a time.
GUICHET_INLINE void Mix(const SmallAttentionArguments& a, const float* weights,
                        std::int64_t visible, float total, float* sum, float* output) {
  for (std::int64_t k = 0; k < a.width; ++k) sum[k] = 0.0F;
  std::int64_t j = 0;
  for (; j + 4 <= visible; j += 4) {
    const float* value = a.value + j * a.value_stride;
    const float w0 = weights[j];
    const float w1 = weights[j + 1];
    const float w2 = weights[j + 2];
    const float w3 = weights[j + 3];
    for (std::int64_t k = 0; k < a.width; ++k) {
      sum[k] += w0 * value[k] + w1 * value[a.value_stride + k] +
                w2 * value[2 * a.value_stride + k] + w3 * value[3 * a.value_stride + k];
    }
  }
  for (; j < visible; ++j) {
    for (std::int64_t k = 0; k < a.width; ++k) {
      sum[k] += weights[j] * a.value[j * a.value_stride + k];
    }
  }
  for (std::int64_t k = 0; k < a.width; ++k) output[k] = sum[k] / total;
}

GUICHET_EVERY_CPU void Attend(const SmallAttentionArguments& a, Workspace& work) {
  const std::int64_t padded = (a.key_length + kLanes - 1) / kLanes * kLanes;
  float* keys = work.keys.data();
  float* scores = work.scores.data();
  TransposeKeys(a, padded, keys);
  for (std::int64_t i = 0; i < a.query_length; ++i) {
    const std::int64_t visible = a.causal ? i + 1 : a.key_length;
    const std::int64_t span = (visible + kLanes - 1) / kLanes * kLanes;
    Score(a, a.query + i * a.query_stride, keys, padded, visible, span, scores);
    const float total = Exponentiate(span, scores);
    Mix(a, scores, visible, total, work.sum.data(), a.output + i * a.output_stride);
  }
}

}  // namespace

void SmallAttention(const SmallAttentionArguments& arguments) {
  // On the heap: as a thread-local object its 100 kB would be taken from the stack of every thread
  // of the process, and libraries that start threads with small stacks could no longer do so.
  thread_local const auto work = std::make_unique<Workspace>();
  Attend(arguments, *work);
}

}  // namespace guichet
