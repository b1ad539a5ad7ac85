#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace guichet {

enum class DType { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

// Bytes of one element: 8, 4, 2 or 1.
size_t SizeOf(DType dtype);
// The safetensors name: "F32", "BF16", …
std::string_view NameOf(DType dtype);

// A tensor in C order, little endian, borrowed from the Checkpoint it came from. data may be
// unaligned.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;  // rank 0 to 8, sizes >= 0
  std::span<const std::byte> data;  // product(shape) * SizeOf(dtype) bytes
};

using TensorMap = std::map<std::string, TensorView>;

// Named tensors read from files that nobody trusts. Owns the mapped files and any converted
// storage; views stay valid as long as it lives (it is shared by everything that borrows from it).
// Immutable: safe from any thread.
class Checkpoint {
 public:
  virtual ~Checkpoint() = default;
  virtual const TensorMap& tensors() const = 0;
};

// Reads a folder as Hugging Face does (model.safetensors, model.safetensors.index.json,
// pytorch_model.bin, pytorch_model.bin.index.json, in this order) or one such file. Every rule for
// hostile files is checked before anything is allocated. Errors: NOT_FOUND when nothing is there,
// INVALID_ARGUMENT with the file's name and the broken rule.
absl::StatusOr<std::shared_ptr<const Checkpoint>> OpenCheckpoint(const std::filesystem::path& path);

}  // namespace guichet
