#pragma once

#include <cstddef>
#include <filesystem>
#include <istream>
#include <memory>
#include <span>

#include "absl/status/statusor.h"

namespace guichet {

// Where bytes come from, in order and once. Not thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills the front of a non-empty buffer; 0 at the end. DATA_LOSS when the source breaks off or
  // cannot be read.
  virtual absl::StatusOr<size_t> Read(std::span<char> buffer) = 0;
};

// A file, unpacked on the way when it is gzip (by its first bytes, whatever its name). NOT_FOUND
// and FAILED_PRECONDITION name the path.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenFileSource(const std::filesystem::path& path);

// Borrows the stream, which must outlive the source.
std::unique_ptr<ByteSource> MakeStreamSource(std::istream& stream);

// Borrows an open file descriptor, a pipe's or terminal's say: hands over what has come without
// waiting until the buffer is full. CANCELLED when a signal's handler ran meanwhile.
std::unique_ptr<ByteSource> MakeDescriptorSource(int descriptor);

}  // namespace guichet
