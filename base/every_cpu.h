#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

// For the kernels of ours: vectors, and functions compiled for several instruction sets.

// The best of these is chosen when the program starts; sanitizers cannot run such choosers.
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

// Eight floats that are worked on together. Not sixteen: without AVX-512 the compiler takes vectors
// that need two registers apart, compares and choices element by element. Passed
// by reference: how they are passed by value depends on the processor.
inline constexpr std::int64_t kLanes = 8;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
typedef std::int32_t IntegerLanes __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

GUICHET_INLINE float Sum(const Lanes& all) {
  Lanes lanes = all;
  for (std::int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::int64_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

// e^x for x <= 0 within 2 units in the last place: 2^n · e^r with |r| <= ln(2)/2 and the polynomial
// of Cephes' expf. Below -87 the result is the smallest normal number, which no sum sees.
GUICHET_INLINE void ExpOfNegative(Lanes& x) {
  constexpr float kSmallestExponent = -87.0F;
  constexpr float kLog2E = 1.44269504088896341F;
  constexpr float kRounder = 12582912.0F;  // 1.5 · 2^23: adding it rounds to an integer
  x = x < kSmallestExponent ? Lanes{} + kSmallestExponent : x;  // what is no number stays none
  const Lanes shifted = x * kLog2E + kRounder;
  const Lanes n = shifted - kRounder;
  const Lanes r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  Lanes p = r * 1.9875691500E-4F + 1.3981999507E-3F;
  p = p * r + 8.3334519073E-3F;
  p = p * r + 4.1665795894E-2F;
  p = p * r + 1.6666665459E-1F;
  p = p * r + 5.0000001201E-1F;
  p = p * r * r + r + 1.0F;
  x = reinterpret_cast<Lanes>(reinterpret_cast<IntegerLanes>(p) +
                              (reinterpret_cast<IntegerLanes>(shifted) << 23));
}

GUICHET_INLINE float Largest(const Lanes& all) {
  Lanes lanes = all;
  for (std::int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::int64_t l = 0; l < half; ++l) lanes[l] = std::max(lanes[l], lanes[l + half]);
  }
  return lanes[0];
}

// Turns scores, `span` of them in whole vectors, into exponentials of their distance from the
// largest, and returns their sum.
GUICHET_INLINE float Exponentiate(std::int64_t span, float* scores) {
  Lanes row;
  Lanes top = Lanes{} - std::numeric_limits<float>::infinity();
  for (std::int64_t j = 0; j < span; j += kLanes) {
    std::memcpy(&row, scores + j, sizeof(row));
    top = row > top ? row : top;
  }
  const float largest = Largest(top);
  Lanes total = {};
  for (std::int64_t j = 0; j < span; j += kLanes) {
    std::memcpy(&row, scores + j, sizeof(row));
    row -= largest;
    ExpOfNegative(row);
    std::memcpy(scores + j, &row, sizeof(row));
    total += row;
  }
  return Sum(total);
}

}  // namespace guichet
