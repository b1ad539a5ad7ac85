#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace guichet {

// One field of a message in protobuf's wire format.
struct WireField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  // of a varint
  std::string_view bytes;   // of a string, bytes or message; borrowed
};

// Reads the fields of one message in turn; fixed-size numbers come without a value. Ends at the
// first byte that is no field.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : left_(bytes) {}

  std::optional<WireField> Next() {
    WireField field;
    std::uint64_t key = 0;
    if (!Varint(key)) return {};
    field.number = key >> 3U;
    switch (key & 7U) {
      case 0:
        return Varint(field.value) ? std::optional(field) : std::nullopt;
      case 1:
        return Take(8, field.bytes) ? std::optional(field) : std::nullopt;
      case 2: {
        std::uint64_t size = 0;
        return Varint(size) && Take(size, field.bytes) ? std::optional(field) : std::nullopt;
      }
      case 5:
        return Take(4, field.bytes) ? std::optional(field) : std::nullopt;
      default:
        return {};
    }
  }

 private:
  bool Varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) return true;
    }
    return false;
  }
  bool Take(std::uint64_t size, std::string_view& bytes) {
    if (size > left_.size()) return false;
    bytes = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(bytes.size());
    return true;
  }

  std::string_view left_;
};

}  // namespace guichet
