#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace guichet {

// Writes protobuf's wire format field by field: enough for the few messages that trackers write, so
// that model/ builds without protobuf. Numbers are field numbers of the message under construction.
// Nothing is left out: a zero is written as a zero.
class WireWriter {
 public:
  WireWriter& Varint(int field, std::uint64_t value) {
    Key(field, kVarint);
    PutVarint(value);
    return *this;
  }
  // int32 and int64 fields; negative numbers take ten bytes, as everywhere.
  WireWriter& Integer(int field, std::int64_t value) {
    return Varint(field, static_cast<std::uint64_t>(value));
  }
  WireWriter& Double(int field, double value) {
    Key(field, kFixed64);
    PutFixed(std::bit_cast<std::uint64_t>(value), 8);
    return *this;
  }
  WireWriter& Float(int field, float value) {
    Key(field, kFixed32);
    PutFixed(std::bit_cast<std::uint32_t>(value), 4);
    return *this;
  }
  // string and bytes fields.
  WireWriter& Text(int field, std::string_view value) {
    Key(field, kLength);
    PutVarint(value.size());
    bytes_ += value;
    return *this;
  }
  WireWriter& Message(int field, const WireWriter& message) { return Text(field, message.bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  static constexpr std::uint64_t kVarint = 0;
  static constexpr std::uint64_t kFixed64 = 1;
  static constexpr std::uint64_t kLength = 2;
  static constexpr std::uint64_t kFixed32 = 5;

  void Key(int field, std::uint64_t type) {
    PutVarint((static_cast<std::uint64_t>(field) << 3U) | type);
  }
  void PutVarint(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) bytes_ += static_cast<char>((value & 0x7FU) | 0x80U);
    bytes_ += static_cast<char>(value);
  }
  void PutFixed(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i, value >>= 8U) bytes_ += static_cast<char>(value & 0xFFU);
  }

  std::string bytes_;
};

}  // namespace guichet
