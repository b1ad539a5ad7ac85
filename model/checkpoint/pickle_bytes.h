#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

// Reads a pickle from its front; every read checks that the bytes are there.
class PickleBytes {
 public:
  explicit PickleBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t bytes_read() const { return at_; }

  absl::StatusOr<std::span<const std::byte>> Take(size_t count) {
    if (count > bytes_.size() - at_) return absl::InvalidArgumentError("pickle: it is cut off");
    const auto taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }

  // A little-endian number.
  template <typename T>
  absl::StatusOr<T> TakeNumber() {
    auto bytes = Take(sizeof(T));
    if (!bytes.ok()) return bytes.status();
    T value;
    std::memcpy(&value, bytes->data(), sizeof(T));
    return value;
  }

  // Up to the next line end, which must come within `max_bytes`.
  absl::StatusOr<std::string_view> TakeLine(size_t max_bytes) {
    const auto rest = bytes_.subspan(at_, std::min(bytes_.size() - at_, max_bytes));
    const auto end = std::find(rest.begin(), rest.end(), std::byte{'\n'});
    if (end == rest.end()) return absl::InvalidArgumentError("pickle: a line does not end");
    const auto length = static_cast<size_t>(end - rest.begin());
    at_ += length + 1;
    return std::string_view(reinterpret_cast<const char*>(rest.data()), length);
  }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
};

}  // namespace guichet
