#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/checkpoint/checkpoint.h"

// The safetensors format: u64 little-endian header length, JSON header, data. Reads what the
// reference accepts but for: duplicate names, unknown fields, more than kMaxTensors tensors, rank
// above 8, names over 1,024 bytes, types without a use here (8-bit floats, complex, unsigned), and
// headers over kMaxSafetensorsHeaderBytes.

namespace guichet {

inline constexpr size_t kMaxSafetensorsHeaderBytes = size_t{8} << 20;

// The tensors of a whole file; views borrow from `file`. The data ranges must tile the data section
// exactly. INVALID_ARGUMENT says which rule is broken, by which tensor.
absl::StatusOr<TensorMap> ParseSafetensors(std::span<const std::byte> file);

// Writes a file that transformers loads: metadata {"format": "pt"}, tensors by falling element size
// and then by name, data aligned to 8 bytes. The file must not exist; it is not synced to disk.
absl::Status WriteSafetensors(const TensorMap& tensors, const std::filesystem::path& path);

}  // namespace guichet
