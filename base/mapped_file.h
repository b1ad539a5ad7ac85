#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "absl/status/statusor.h"

namespace guichet {

// A whole file mapped read-only. Move-only; the bytes stay valid until destruction. The file must
// not be truncated while mapped (a bundle's files are write-once).
class MappedFile {
 public:
  // NOT_FOUND when the file is absent, INVALID_ARGUMENT when it is not a regular file, INTERNAL for
  // other I/O errors.
  static absl::StatusOr<MappedFile> Open(const std::filesystem::path& path);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace guichet
