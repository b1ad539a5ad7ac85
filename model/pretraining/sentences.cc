#include "model/pretraining/sentences.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "model/text/utf8.h"

namespace guichet {
namespace {

bool EndsSentence(char32_t c) { return c == U'.' || c == U'!' || c == U'?' || c == U'…'; }

// What may stand between the end of a sentence and the white space behind it.
bool Closes(char32_t c) {
  return c == U'"' || c == U'\'' || c == U')' || c == U']' || c == U'»' || c == U'”' || c == U'’';
}

// Of the letters that French text begins a word with.
bool IsSmallLetter(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7) || c == U'œ';
}

// Whether a full stop behind this word most likely ends no sentence.
bool IsShortForm(std::string_view word) {
  constexpr std::array<std::string_view, 14> kShort = {
      "M", "MM", "Mme", "Mlle", "Dr", "Me", "St", "Ste", "cf", "ex", "p", "art", "tél", "n"};
  while (!word.empty() && (word.front() == '(' || word.front() == '"')) word.remove_prefix(1);
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z') return true;  // an initial
  return std::ranges::find(kShort, word) != kShort.end();
}

std::size_t WordBefore(std::string_view text, std::size_t end) {
  const std::size_t space = text.substr(0, end).find_last_of(" \t");
  return space == std::string_view::npos ? 0 : space + 1;
}

// The offset behind white space from `offset` on.
std::size_t SkipSpace(std::string_view text, std::size_t offset) {
  while (offset < text.size()) {
    const Utf8Character c = DecodeUtf8(text, offset);
    if (!IsPythonWhiteSpace(c.code_point)) break;
    offset += c.length;
  }
  return offset;
}

// The offset behind the marks and closing quotes from `offset` on; French puts a space before ».
std::size_t SkipClosing(std::string_view text, std::size_t offset) {
  while (offset < text.size()) {
    const Utf8Character c = DecodeUtf8(text, offset);
    if (EndsSentence(c.code_point) || Closes(c.code_point)) {
      offset += c.length;
      continue;
    }
    const std::size_t next = SkipSpace(text, offset);
    if (next == offset || !text.substr(next).starts_with("»")) break;
    offset = next;
  }
  return offset;
}

// Whether a sentence ends with the mark in [mark, behind): then the offset of what follows, else 0.
std::size_t NextSentence(std::string_view text, std::size_t mark, std::size_t behind) {
  behind = SkipClosing(text, behind);
  const std::size_t next = SkipSpace(text, behind);
  if (next == behind || next == text.size()) return 0;
  if (IsSmallLetter(DecodeUtf8(text, next).code_point)) return 0;
  if (text[mark] != '.') return next;
  const std::size_t word = WordBefore(text, mark);
  return IsShortForm(text.substr(word, mark - word)) ? 0 : next;
}

}  // namespace

std::vector<std::string_view> SplitSentences(std::string_view paragraph) {
  const std::string_view text = Strip(paragraph);
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const Utf8Character c = DecodeUtf8(text, offset);
    const std::size_t behind = offset + c.length;
    const std::size_t next = EndsSentence(c.code_point) ? NextSentence(text, offset, behind) : 0;
    if (next > 0) {
      sentences.push_back(StripRight(text.substr(begin, next - begin)));
      begin = next;
    }
    offset = next > 0 ? next : behind;
  }
  if (begin < text.size()) sentences.push_back(text.substr(begin));
  return sentences;
}

}  // namespace guichet
