#include "model/report/html_text.h"

#include <cstdint>

#include <fmt/format.h>

#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr const char* kAbsent = "–";

// Char of XML 1.0, surrogates aside, which valid UTF-8 does not hold.
bool IsXmlCharacter(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c != 0xFFFE && c != 0xFFFF;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = DecodeUtf8(text, at);
    if (!character.valid || !IsXmlCharacter(character.code_point)) {
      escaped += kReplacement;
    } else if (character.code_point == '&') {
      escaped += "&amp;";
    } else if (character.code_point == '<') {
      escaped += "&lt;";
    } else if (character.code_point == '>') {
      escaped += "&gt;";
    } else if (character.code_point == '"') {
      escaped += "&quot;";
    } else if (character.code_point == '\'') {
      escaped += "&#39;";
    } else {
      escaped += text.substr(at, character.length);
    }
    at += character.length;
  }
  return escaped;
}

std::string Shorten(std::string_view text, std::size_t characters) {
  std::size_t kept = 0;  // bytes of all but the last character that fits
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    if (count + 1 == characters) kept = at;
    if (count == characters) return std::string(text.substr(0, kept)) + "…";
    at += DecodeUtf8(text, at).length;
  }
  return std::string(text);
}

std::string Percent(const std::optional<double>& share, int decimals) {
  // With a no-break space, so that the sign stays with its number.
  return share ? fmt::format("{:.{}f}\u00A0%", 100 * *share, decimals) : kAbsent;
}

std::string Decimals(const std::optional<double>& value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : kAbsent;
}

std::string Grouped(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace guichet
