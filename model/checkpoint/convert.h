#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "model/checkpoint/checkpoint.h"

namespace guichet {

// IEEE 754 binary16 to binary32, exact; subnormal numbers, infinities and NaN payloads included.
// Free of branches, so that loops over it are vectorised.
constexpr float HalfToFloat(std::uint16_t half) {
  constexpr std::uint32_t kExponent = 0x7c00U << 13U;
  const std::uint32_t magnitude = (half & 0x7fffU) << 13U;
  const std::uint32_t exponent = magnitude & kExponent;
  const std::uint32_t rebiased = magnitude + ((127U - 15U) << 23U);
  // A subnormal number gets an implicit one by the addition and loses it by the subtraction.
  const float subnormal = std::bit_cast<float>(rebiased + (1U << 23U)) -
                          std::bit_cast<float>(std::uint32_t{113U << 23U});
  const std::uint32_t special = rebiased + ((128U - 16U) << 23U);
  const std::uint32_t bits = exponent == 0           ? std::bit_cast<std::uint32_t>(subnormal)
                             : exponent == kExponent ? special
                                                     : rebiased;
  return std::bit_cast<float>(bits | ((half & 0x8000U) << 16U));
}

constexpr float BFloat16ToFloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

// The nearest bfloat16, ties to even; NaN stays one.
constexpr std::uint16_t FloatToBFloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
}

// Copies a tensor of F32, F16, BF16 or F64 into `out` as binary32, exact but for F64, which is
// rounded. INVALID_ARGUMENT for other types and when `out` has another number of elements.
absl::Status ConvertToFloat32(const TensorView& tensor, std::span<float> out);

// The index of the first element of an F32, F16, BF16 or F64 tensor that is not finite as binary32;
// nothing where all are, and for other types.
std::optional<size_t> FirstNonFinite(const TensorView& tensor);

}  // namespace guichet
