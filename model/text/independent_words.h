#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// Most of a text is words between spaces, made of characters that normalisation leaves alone, and
// the same words come again and again. A model whose pieces never cross a space encodes each of
// them by itself, so their ids can be remembered.

namespace guichet {

// Which characters below U+0180 normalisation leaves alone in whatever company, and which are
// spaces.
class PlainCharacters {
 public:
  enum class Kind : std::uint8_t { kOther, kPlain, kSpace };
  static constexpr char32_t kEnd = 0x180;

  void Set(char32_t character, Kind kind) { kinds_[character] = kind; }
  Kind Of(char32_t character) const { return character < kEnd ? kinds_[character] : Kind::kOther; }

 private:
  std::array<Kind, kEnd> kinds_{};
};

// A part of a text that is encoded by itself: one word of plain characters, or whatever else stands
// between such words, spaces inside included.
struct TextStretch {
  std::string_view text;
  bool is_word = false;
};

// The stretches of `text`, valid UTF-8, in order; spaces around them are in none. Characters that
// are not plain may combine with a neighbour across a space, so a stretch that begins or ends with
// one takes in the word next to it.
std::vector<TextStretch> SplitIntoStretches(std::string_view text, const PlainCharacters& plain);

}  // namespace guichet
