#include "model/text/independent_words.h"

#include "model/text/utf8.h"

namespace guichet {
namespace {

struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool plain = true;  // all of it
  bool plain_first = true;
  bool plain_last = true;
};

std::vector<Word> FindWords(std::string_view text, const PlainCharacters& plain) {
  std::vector<Word> words;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = DecodeUtf8(text, at);
    const PlainCharacters::Kind kind = plain.Of(character.code_point);
    const std::size_t begin = at;
    at += character.length;
    if (kind == PlainCharacters::Kind::kSpace) {
      inside = false;
      continue;
    }
    const bool is_plain = kind == PlainCharacters::Kind::kPlain;
    if (!inside) words.push_back({.begin = begin, .plain_first = is_plain});
    inside = true;
    words.back().end = at;
    words.back().plain = words.back().plain && is_plain;
    words.back().plain_last = is_plain;
  }
  return words;
}

}  // namespace

std::vector<TextStretch> SplitIntoStretches(std::string_view text, const PlainCharacters& plain) {
  const std::vector<Word> words = FindWords(text, plain);
  std::vector<TextStretch> stretches;
  stretches.reserve(words.size());
  std::size_t begin = 0;  // of the last stretch
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool after_other = i > 0 && !words[i - 1].plain_last;
    const bool before_other = i + 1 < words.size() && !words[i + 1].plain_first;
    const bool alone = words[i].plain && !after_other && !before_other;
    if (alone || stretches.empty() || stretches.back().is_word) {
      begin = words[i].begin;
      stretches.push_back({{}, alone});
    }
    stretches.back().text = text.substr(begin, words[i].end - begin);
  }
  return stretches;
}

}  // namespace guichet
