#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <unicode/uchar.h>

#include "model/cleaning/cleaning_rules.h"
#include "model/cleaning/windows1252.h"
#include "model/text/utf8.h"

// The rules that look at one character after another: mojibake, invisible characters, underscores.

namespace guichet {
namespace {

std::uint8_t ByteAt(std::string_view text, std::size_t offset) {
  return static_cast<std::uint8_t>(text[offset]);
}

// The byte that Windows-1252, or Latin-1, writes a character as, of those above 0x7F.
std::optional<char> Windows1252Byte(char32_t character) {
  if (character >= 0x80 && character <= 0xFF) return static_cast<char>(character);
  const auto found = std::ranges::find(kWindows1252, character);
  if (found == kWindows1252.end()) return std::nullopt;
  return static_cast<char>(0x80 + (found - kWindows1252.begin()));
}

// Characters that French mails hold and mail programs break. Others are left alone: "é »" with a
// no-break space would make a Chinese one.
bool IsLikelyOrigin(char32_t character) {
  return (character >= 0x80 && character <= 0x17F) ||                       // Latin: é, œ, «
         character == 0x192 || character == 0x2C6 || character == 0x2DC ||  // of text broken twice
         (character >= 0x2000 && character <= 0x27BF) ||  // ’ “ … € → ✓, zero width
         character == 0xFEFF || character == 0xFFFD ||
         (character >= 0x1F000 && character <= 0x1FAFF);  // emoji
}

struct Repair {
  char32_t character = 0;
  std::size_t length = 0;  // in bytes of the broken text
};

// What the characters from `offset` on were before their bytes were read as Windows-1252.
std::optional<Repair> RepairAt(std::string_view text, std::size_t offset) {
  std::string bytes;
  std::size_t end = offset;
  while (end < text.size() && bytes.size() < 4) {
    const Utf8Character character = DecodeUtf8(text, end);
    const std::optional<char> byte = Windows1252Byte(character.code_point);
    if (!byte) return std::nullopt;
    bytes += *byte;
    end += character.length;
    const Utf8Character origin = DecodeUtf8(bytes, 0);
    if (!origin.valid) continue;
    if (!IsLikelyOrigin(origin.code_point)) return std::nullopt;
    return Repair{origin.code_point, end - offset};
  }
  return std::nullopt;
}

// Â Ã Ä Å Æ Ë â ï ð, in UTF-8 behind 0xC3: what the first bytes of likely origins look like.
bool IsBrokenLead(std::uint8_t second) {
  return (second >= 0x82 && second <= 0x86) || second == 0x8B || second == 0xA2 || second == 0xAF ||
         second == 0xB0;
}

constexpr char32_t kDropped = 0x110000;  // no character

// What an invisible character becomes; itself when it is visible.
char32_t VisibleForm(char32_t c) {
  if (c == '\n' || c == '\t' || c == ' ') return c;
  if (c == '\v' || c == '\f' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029) return '\n';
  const auto point = static_cast<UChar32>(c);
  if (u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return kDropped;
  const std::int8_t category = u_charType(point);
  if (category == U_CONTROL_CHAR) return kDropped;
  return category == U_SPACE_SEPARATOR ? U' ' : c;
}

// First bytes of characters that VisibleForm may change.
constexpr std::array<bool, 256> kMayBeInvisible = [] {
  std::array<bool, 256> may{};
  for (std::size_t c = 0; c < 0x20; ++c) may[c] = c != '\n' && c != '\t';
  for (const std::size_t lead :
       {0x7FU, 0xC2U, 0xCDU, 0xD8U, 0xE1U, 0xE2U, 0xE3U, 0xEFU, 0xF0U, 0xF3U}) {
    may[lead] = true;
  }
  return may;
}();

}  // namespace

bool RepairMojibake(std::string& text) {
  std::string repaired;
  std::size_t copied = 0;
  std::size_t at = text.find('\xC3');
  while (at != std::string::npos) {
    std::size_t next = at + 2;
    if (IsBrokenLead(ByteAt(text, at + 1))) {
      if (const std::optional<Repair> repair = RepairAt(text, at)) {
        repaired.append(text, copied, at - copied);
        AppendUtf8(repair->character, repaired);
        next = copied = at + repair->length;
      }
    }
    at = text.find('\xC3', next);
  }
  if (copied == 0) return false;
  text = repaired.append(text, copied);
  return true;
}

bool DropInvisible(std::string& text) {
  std::string visible;
  std::size_t copied = 0;
  bool changed = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!kMayBeInvisible[ByteAt(text, at)]) continue;
    const Utf8Character character = DecodeUtf8(text, at);
    const std::size_t end = at + character.length;
    char32_t form = VisibleForm(character.code_point);
    if (character.code_point == '\r' && end < text.size() && text[end] == '\n') form = kDropped;
    if (form != character.code_point) {
      visible.append(text, copied, at - copied);
      if (form != kDropped) AppendUtf8(form, visible);
      copied = end;
      changed = true;
    }
    at = end - 1;
  }
  if (changed) text = visible.append(text, copied);
  return changed;
}

bool SpaceUnderscores(std::string& text) {
  if (text.find('_') == std::string::npos) return false;
  std::ranges::replace(text, '_', ' ');
  return true;
}

}  // namespace guichet
