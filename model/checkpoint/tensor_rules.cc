#include "model/checkpoint/tensor_rules.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace guichet {
namespace {

struct DTypeFacts {
  DType dtype;
  std::string_view name;
  size_t size;
};
constexpr std::array kDTypes = {
    DTypeFacts{DType::kF64, "F64", 8}, DTypeFacts{DType::kF32, "F32", 4},
    DTypeFacts{DType::kF16, "F16", 2}, DTypeFacts{DType::kBF16, "BF16", 2},
    DTypeFacts{DType::kI64, "I64", 8}, DTypeFacts{DType::kI32, "I32", 4},
    DTypeFacts{DType::kI16, "I16", 2}, DTypeFacts{DType::kI8, "I8", 1},
    DTypeFacts{DType::kU8, "U8", 1},   DTypeFacts{DType::kBool, "BOOL", 1},
};

// The table is in the order of the enumeration.
const DTypeFacts& FactsOf(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

}  // namespace

size_t SizeOf(DType dtype) { return FactsOf(dtype).size; }

std::string_view NameOf(DType dtype) { return FactsOf(dtype).name; }

std::optional<DType> ParseDType(std::string_view name) {
  for (const DTypeFacts& facts : kDTypes) {
    if (facts.name == name) return facts.dtype;
  }
  return std::nullopt;
}

std::string Quoted(std::string_view name) {
  constexpr size_t kShownBytes = 200;
  size_t shown = std::min(name.size(), kShownBytes);
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; };
  while (shown > 0 && shown < name.size() && continues(name[shown])) --shown;  // whole characters
  std::string quoted = "\"";
  for (const char c : name.substr(0, shown)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    quoted += control ? '?' : c;
  }
  return quoted + (shown < name.size() ? "…\"" : "\"");
}

std::string ShapeText(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

absl::Status CheckTensorName(std::string_view name) {
  if (name.empty() || name.size() > kMaxTensorNameBytes) {
    return absl::InvalidArgumentError(fmt::format("tensor name {} has {} bytes; expected 1 to {}",
                                                  Quoted(name), name.size(), kMaxTensorNameBytes));
  }
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control) return absl::InvalidArgumentError("a tensor name holds a control character");
  return absl::OkStatus();
}

absl::StatusOr<size_t> CheckedByteSize(std::span<const std::int64_t> shape, DType dtype) {
  if (shape.size() > kMaxTensorRank) {
    return absl::InvalidArgumentError(
        fmt::format("has {} dimensions; at most {} are read", shape.size(), kMaxTensorRank));
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t bytes = SizeOf(dtype);
  for (const std::int64_t size : shape) {
    if (size < 0) {
      return absl::InvalidArgumentError(fmt::format("has the negative dimension {}", size));
    }
    const auto count = static_cast<std::uint64_t>(size);
    if (count != 0 && bytes > kMax / count) {
      return absl::InvalidArgumentError(
          fmt::format("has shape {}, which overflows 63 bits", ShapeText(shape)));
    }
    bytes *= count;
  }
  return static_cast<size_t>(bytes);
}

}  // namespace guichet
