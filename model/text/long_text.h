#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

// sentencepiece joins a run of characters that are in no piece into one unknown piece by appending
// to a growing string, which takes time in the square of the run's length, and it keeps some 250
// bytes for each byte of a text. So a long text is encoded in parts, cut where that cannot change
// the result.

namespace guichet {

// The set of characters that occur in some piece of a vocabulary.
class CharacterSet {
 public:
  CharacterSet() : contains_(0x110000, false) {}
  // Adds the characters of `text`, valid UTF-8.
  void Add(std::string_view text);
  bool Contains(char32_t character) const { return contains_[character]; }

 private:
  std::vector<bool> contains_;
};

struct LongTextLimits {
  // Texts up to this many bytes are encoded whole.
  std::size_t whole_bytes = 2048;
  // Longest part, in bytes of normalised text, that still ends at the next space.
  std::size_t part_bytes = 8192;
  // Longest run of unknown characters in one part.
  std::size_t unknown_run = 256;
};

// Where the next part of a text begins.
struct TextCut {
  std::size_t offset = 0;  // in bytes of the text
  // The cut is inside a run of unknown characters: the new part's dummy prefix does not belong to
  // the text, and its first unknown piece continues the last one of the part before.
  bool inside_unknown_run = false;
};

// A text as sentencepiece normalises it, with "▁" for spaces and in front, and for each byte the
// offset in the text it comes from.
struct NormalizedText {
  std::string_view text;
  std::span<const std::size_t> origins;
};

// Cuts, in order. The parts' pieces, joined as TextCut says, are those of the whole text for every
// BPE and unigram model that adds a dummy prefix, removes extra spaces, has "▁" as a piece and no
// piece with "▁" after its first character: no piece crosses a space or an unknown character, and
// normalisation starts afresh at the boundary of its matches.
std::vector<TextCut> PlanCuts(std::string_view original, const NormalizedText& normalized,
                              const CharacterSet& known, const LongTextLimits& limits);

}  // namespace guichet
