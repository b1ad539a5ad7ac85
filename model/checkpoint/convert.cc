#include "model/checkpoint/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "model/checkpoint/tensor_rules.h"

namespace guichet {
namespace {

// Tensors may be unaligned in a file, so every element is read by memcpy.
template <typename T>
T Load(const std::byte* data, size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T, typename Convert>
void ConvertAll(std::span<const std::byte> data, std::span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) out[i] = convert(Load<T>(data.data(), i));
}

// An IEEE number is infinite or NaN when all bits of its exponent are set.
template <typename T>
std::optional<size_t> FindExponent(std::span<const std::byte> data, T exponent) {
  constexpr size_t kBlock = 4096;  // whole blocks first: a plain loop that the compiler vectorises
  const size_t count = data.size() / sizeof(T);
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t end = std::min(count, begin + kBlock);
    unsigned found = 0;
    for (size_t i = begin; i < end; ++i) {
      found |= static_cast<unsigned>((Load<T>(data.data(), i) & exponent) == exponent);
    }
    if (found == 0) continue;
    for (size_t i = begin; i < end; ++i) {
      if ((Load<T>(data.data(), i) & exponent) == exponent) return i;
    }
  }
  return std::nullopt;
}

// A double that is no finite number, or not one any more as a float.
std::optional<size_t> FindNotAFloat(std::span<const std::byte> data) {
  for (size_t i = 0; i < data.size() / sizeof(double); ++i) {
    if (!std::isfinite(static_cast<float>(Load<double>(data.data(), i)))) return i;
  }
  return std::nullopt;
}

}  // namespace

absl::Status ConvertToFloat32(const TensorView& tensor, std::span<float> out) {
  if (tensor.data.size() != out.size() * SizeOf(tensor.dtype)) {
    return absl::InvalidArgumentError(
        fmt::format("a tensor of shape {} does not have the {} elements wanted",
                    ShapeText(tensor.shape), out.size()));
  }
  if (out.empty()) return absl::OkStatus();
  switch (tensor.dtype) {
    case DType::kF32:
      std::memcpy(out.data(), tensor.data.data(), tensor.data.size());
      return absl::OkStatus();
    case DType::kF16:
      ConvertAll<std::uint16_t>(tensor.data, out, HalfToFloat);
      return absl::OkStatus();
    case DType::kBF16:
      ConvertAll<std::uint16_t>(tensor.data, out, BFloat16ToFloat);
      return absl::OkStatus();
    case DType::kF64:
      ConvertAll<double>(tensor.data, out, [](double value) { return static_cast<float>(value); });
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError(
          fmt::format("weights are F32, F16, BF16 or F64, not {}", NameOf(tensor.dtype)));
  }
}

std::optional<size_t> FirstNonFinite(const TensorView& tensor) {
  switch (tensor.dtype) {
    case DType::kF32:
      return FindExponent<std::uint32_t>(tensor.data, 0x7f800000U);
    case DType::kF16:
      return FindExponent<std::uint16_t>(tensor.data, 0x7c00U);
    case DType::kBF16:
      return FindExponent<std::uint16_t>(tensor.data, 0x7f80U);
    case DType::kF64:
      return FindNotAFloat(tensor.data);
    default:
      return std::nullopt;
  }
}

}  // namespace guichet
