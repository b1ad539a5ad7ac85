#include "model/data/mojibake.h"

#include "model/data/text_encoding.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

// Whether the character at `at`, which moves behind it, stands for a byte that continues one of
// UTF-8 (0x80 to 0xBF). Bytes that Windows-1252 lacks come out as the control characters of their
// number.
bool TakeContinuation(std::string_view text, std::size_t& at) {
  if (at >= text.size()) return false;
  const Utf8Character c = DecodeUtf8(text, at);
  at += c.length;
  if (c.code_point >= 0x80 && c.code_point < 0xA0) return true;
  const auto byte = ToWindows1252(c.code_point);
  return byte && *byte >= 0x80 && *byte < 0xC0;
}

}  // namespace

bool HasMojibake(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80U) {
      ++at;
      continue;
    }
    const Utf8Character c = DecodeUtf8(text, at);
    at += c.length;
    if (c.code_point == 0xFFFD) return true;
    std::size_t next = at;
    // Â and Ã lead the two bytes of the Latin letters, â the three of typographic marks.
    if ((c.code_point == 0xC2 || c.code_point == 0xC3) && TakeContinuation(text, next)) return true;
    next = at;
    if (c.code_point == 0xE2 && TakeContinuation(text, next) && TakeContinuation(text, next)) {
      return true;
    }
  }
  return false;
}

}  // namespace guichet
