#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace guichet {
namespace crc32c_internal {

constexpr std::array<std::uint32_t, 256> MakeTable() {
  constexpr std::uint32_t kReversedPolynomial = 0x82F63B78U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? (value >> 1U) ^ kReversedPolynomial : value >> 1U;
    }
    table[byte] = value;
  }
  return table;
}
inline constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

}  // namespace crc32c_internal

// CRC-32C (Castagnoli, RFC 3720 appendix B.4), which zlib does not have.
constexpr std::uint32_t Crc32c(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    const std::uint32_t index = (value ^ static_cast<std::uint8_t>(byte)) & 0xFFU;
    value = (value >> 8U) ^ crc32c_internal::kTable[index];
  }
  return ~value;
}

// As TFRecord files hold it, so that a checksum over data that holds checksums stays a good one.
constexpr std::uint32_t MaskedCrc32c(std::string_view bytes) {
  const std::uint32_t value = Crc32c(bytes);
  return ((value >> 15U) | (value << 17U)) + 0xA282EAD8U;
}

}  // namespace guichet
