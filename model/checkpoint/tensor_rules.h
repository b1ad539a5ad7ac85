#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/checkpoint/checkpoint.h"

// What every checkpoint format demands of a tensor's name and shape.

namespace guichet {

inline constexpr size_t kMaxTensors = 5'000;  // in one file, and in one sharded model
inline constexpr size_t kMaxTensorNameBytes = 1'024;
inline constexpr size_t kMaxTensorRank = 8;

// The type of a safetensors name such as "BF16", or nothing for names we do not read.
std::optional<DType> ParseDType(std::string_view name);

// A name for an error message: quoted and cut, control characters shown as "?".
std::string Quoted(std::string_view name);

// "[2, 3]"
std::string ShapeText(std::span<const std::int64_t> shape);

// 1 to kMaxTensorNameBytes bytes, none of them a control character. Whether they are UTF-8 is the
// parser's business.
absl::Status CheckTensorName(std::string_view name);

// The bytes of a tensor in C order. INVALID_ARGUMENT when the rank is above kMaxTensorRank, a size
// is negative or the product of the sizes or of the bytes overflows 63 bits.
absl::StatusOr<size_t> CheckedByteSize(std::span<const std::int64_t> shape, DType dtype);

}  // namespace guichet
