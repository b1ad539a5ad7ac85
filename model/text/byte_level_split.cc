#include "model/text/byte_level_split.h"

#include <cstddef>

#include <unicode/uchar.h>

#include "model/text/utf8.h"

namespace guichet {
namespace {

enum class CharacterClass { kWhiteSpace, kLetter, kNumber, kOther };

CharacterClass ClassOf(char32_t character) {
  const auto code_point = static_cast<UChar32>(character);
  if (u_isUWhiteSpace(code_point) != 0) return CharacterClass::kWhiteSpace;
  const auto category = U_MASK(u_charType(code_point));
  if ((category & U_GC_L_MASK) != 0) return CharacterClass::kLetter;
  if ((category & U_GC_N_MASK) != 0) return CharacterClass::kNumber;
  return CharacterClass::kOther;
}

struct ClassedCharacter {
  CharacterClass kind;
  std::size_t length;
};

ClassedCharacter At(std::string_view text, std::size_t offset) {
  const Utf8Character character = DecodeUtf8(text, offset);
  return {ClassOf(character.code_point), character.length};
}

// The end of the run of characters of one class that starts at `offset`.
std::size_t EndOfRun(std::string_view text, std::size_t offset, CharacterClass kind) {
  while (offset < text.size()) {
    const ClassedCharacter character = At(text, offset);
    if (character.kind != kind) break;
    offset += character.length;
  }
  return offset;
}

// The length of an English contraction at the start of `text`, else 0.
std::size_t ContractionLength(std::string_view text) {
  for (const std::string_view contraction : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(contraction)) return contraction.size();
  }
  return 0;
}

// The end of the white space to emit for a run starting at `offset`, or `offset` itself when the
// run is a single space that belongs to the word after it.
std::size_t EndOfSpaces(std::string_view text, std::size_t offset) {
  std::size_t last = offset;
  std::size_t end = offset;
  while (end < text.size()) {
    const ClassedCharacter character = At(text, end);
    if (character.kind != CharacterClass::kWhiteSpace) break;
    last = end;
    end += character.length;
  }
  if (end == text.size()) return end;  // \s+(?!\S) takes all of it
  if (last > offset) return last;      // \s+(?!\S) leaves the last one
  return text[last] == ' ' ? offset : end;
}

}  // namespace

std::vector<std::string_view> SplitIntoWords(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t end = start + ContractionLength(text.substr(start));
    if (end == start) end = EndOfSpaces(text, start);
    if (end == start) {
      const std::size_t word = text[start] == ' ' ? start + 1 : start;
      end = EndOfRun(text, word, At(text, word).kind);
    }
    words.push_back(text.substr(start, end - start));
    start = end;
  }
  return words;
}

}  // namespace guichet
