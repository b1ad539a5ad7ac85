#include "model/cleaning/lines.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace guichet {
namespace {

// U+00C0 to U+00FF without accents and capitals.
constexpr std::string_view kBaseLetters =
    "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty";

constexpr std::array<std::string_view, 9> kGreetings = {
    "bonjour", "bonsoir", "salut", "hello", "madame", "monsieur", "mesdames", "merci", "bjr"};

std::uint8_t ByteAt(std::string_view text, std::size_t offset) {
  return static_cast<std::uint8_t>(text[offset]);
}

bool IsAsciiAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsOfWord(char c) { return IsAsciiAlnum(c) || (static_cast<std::uint8_t>(c) & 0x80U) != 0; }

// Appends the character at `offset`, folded; returns its length.
std::size_t AppendFolded(std::string_view line, std::size_t offset, std::string& folded) {
  const std::uint8_t first = ByteAt(line, offset);
  const std::uint8_t second = offset + 1 < line.size() ? ByteAt(line, offset + 1) : std::uint8_t{0};
  const bool space = first <= ' ' || (first == 0xC2 && second == 0xA0);
  if (space) {
    if (!folded.empty() && folded.back() != ' ') folded += ' ';
    return first == 0xC2 ? 2 : 1;
  }
  if (first >= 'A' && first <= 'Z') {
    folded += static_cast<char>(first + ('a' - 'A'));
    return 1;
  }
  const bool accent = first == 0xCC || (first == 0xCD && second < 0xB0);  // of its own, as in NFD
  if (accent) return 2;
  if (first == 0xC3 && second >= 0x80) {
    folded += kBaseLetters[second - 0x80U];
    return 2;
  }
  if (line.substr(offset).starts_with("\u2019")) {
    folded += '\'';
    return 3;
  }
  folded += static_cast<char>(first);
  return 1;
}

}  // namespace

std::string_view LineAt(std::string_view text, std::size_t begin) {
  const std::string_view rest = text.substr(begin);
  return rest.substr(0, rest.find('\n'));
}

std::size_t NextLine(std::string_view text, std::string_view line) {
  const auto end = static_cast<std::size_t>(line.data() + line.size() - text.data());
  return std::min(end + 1, text.size());
}

std::string FoldLine(std::string_view line, std::size_t most) {
  line = line.substr(0, most);
  line.remove_prefix(std::min(line.find_first_not_of(" \t*>"), line.size()));
  std::string folded;
  for (std::size_t at = 0; at < line.size();) at += AppendFolded(line, at, folded);
  if (folded.ends_with(' ')) folded.pop_back();
  return folded;
}

bool IsBlankLine(std::string_view line) {
  return line.find_first_not_of(" \t\r\f\v\xC2\xA0") == std::string_view::npos;
}

int CountWords(std::string_view text, int most) {
  int words = 0;
  for (std::size_t at = 0; at < text.size() && words < most;) {
    if (!IsOfWord(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    bool plain = false;
    for (; at < text.size() && IsOfWord(text[at]); ++at) plain |= IsAsciiAlnum(text[at]);
    const std::string_view word = text.substr(begin, at - begin);
    if (!plain || word.size() < 2) continue;
    constexpr std::size_t kLongestGreeting = 16;
    const bool greeting =
        word.size() <= kLongestGreeting &&
        std::ranges::find(kGreetings, FoldLine(word, kLongestGreeting)) != kGreetings.end();
    if (!greeting) ++words;
  }
  return words;
}

}  // namespace guichet
