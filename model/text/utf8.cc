#include "model/text/utf8.h"

#include <cstdint>
#include <cstring>

namespace guichet {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

std::uint8_t ByteAt(std::string_view text, std::size_t offset) {
  return static_cast<std::uint8_t>(text[offset]);
}

// What may follow a lead byte (Unicode 3.9, table 3-7): the range of the second byte, and how many
// bytes follow in all. `following` is 0 for a byte that cannot lead.
struct LeadByte {
  std::size_t following;
  std::uint8_t second_low;
  std::uint8_t second_high;
};

LeadByte ReadLeadByte(std::uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {0, 0, 0};
}

// Offset of the last character of a valid, non-empty text.
std::size_t LastCharacter(std::string_view text) {
  std::size_t offset = text.size() - 1;
  while (offset > 0 && (ByteAt(text, offset) & 0xC0) == 0x80) --offset;
  return offset;
}

}  // namespace

Utf8Character DecodeUtf8(std::string_view text, std::size_t offset) {
  const std::uint8_t first = ByteAt(text, offset);
  if (first < 0x80) return {first, 1, true};
  const LeadByte lead = ReadLeadByte(first);
  if (lead.following == 0) return {kReplacement, 1, false};
  char32_t code_point = first & (0x3FU >> lead.following);
  for (std::size_t i = 1; i <= lead.following; ++i) {
    const std::uint8_t low = i == 1 ? lead.second_low : std::uint8_t{0x80};
    const std::uint8_t high = i == 1 ? lead.second_high : std::uint8_t{0xBF};
    if (offset + i >= text.size() || ByteAt(text, offset + i) < low ||
        ByteAt(text, offset + i) > high) {
      return {kReplacement, i, false};
    }
    code_point = (code_point << 6) | (ByteAt(text, offset + i) & 0x3FU);
  }
  return {code_point, lead.following + 1, true};
}

std::optional<std::size_t> FindInvalidUtf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t offset = 0;
  while (offset < text.size()) {
    if (std::uint64_t eight = 0; text.size() - offset >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + offset, sizeof(eight));
      if ((eight & kHighBits) == 0) {
        offset += sizeof(eight);
        continue;
      }
    }
    const Utf8Character character = DecodeUtf8(text, offset);
    if (!character.valid) return offset;
    offset += character.length;
  }
  return std::nullopt;
}

std::string ReplaceInvalidUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t offset = 0; offset < bytes.size();) {
    const Utf8Character character = DecodeUtf8(bytes, offset);
    text += character.valid ? bytes.substr(offset, character.length) : kReplacementBytes;
    offset += character.length;
  }
  return text;
}

void AppendUtf8(char32_t code_point, std::string& text) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
    return;
  }
  const int following = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  text += static_cast<char>((0xFF80U >> following) | (code_point >> (6 * following)));
  for (int left = following - 1; left >= 0; --left) {
    text += static_cast<char>(0x80U | ((code_point >> (6 * left)) & 0x3FU));
  }
}

bool IsPythonWhiteSpace(char32_t code_point) {
  return (code_point >= 0x09 && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x20) ||
         code_point == 0x85 || code_point == 0xA0 || code_point == 0x1680 ||
         (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 ||
         code_point == 0x2029 || code_point == 0x202F || code_point == 0x205F ||
         code_point == 0x3000;
}

std::string_view StripRight(std::string_view text) {
  while (!text.empty()) {
    const std::size_t last = LastCharacter(text);
    if (!IsPythonWhiteSpace(DecodeUtf8(text, last).code_point)) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

std::string_view Strip(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character first = DecodeUtf8(text, 0);
    if (!IsPythonWhiteSpace(first.code_point)) break;
    text.remove_prefix(first.length);
  }
  return StripRight(text);
}

}  // namespace guichet
