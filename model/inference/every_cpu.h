#pragma once

#include <cstdint>

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

}  // namespace guichet
