#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace guichet {

struct Utf8Character {
  char32_t code_point = 0;  // U+FFFD when ill-formed
  std::size_t length = 0;   // in bytes; of the longest ill-formed prefix to replace when not valid
  bool valid = false;
};

// The character at `offset` < text.size(). An ill-formed sequence counts as its maximal subpart
// (Unicode 3.9, "U+FFFD substitution of maximal subparts"), as Python's errors="replace" does.
Utf8Character DecodeUtf8(std::string_view text, std::size_t offset);

// The byte offset of the first ill-formed sequence, if any.
std::optional<std::size_t> FindInvalidUtf8(std::string_view text);

// `bytes` with every ill-formed sequence replaced by U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view bytes);

// Appends a character, at most U+10FFFF; a surrogate, which is none, as the three bytes that UTF-8
// forbids for it.
void AppendUtf8(char32_t code_point, std::string& text);

// White space as Python's str.isspace() has it, which str.strip() removes. Unlike Unicode's
// White_Space it holds U+001C..U+001F.
bool IsPythonWhiteSpace(char32_t code_point);
// `text` must be valid UTF-8.
std::string_view StripRight(std::string_view text);
std::string_view Strip(std::string_view text);

}  // namespace guichet
