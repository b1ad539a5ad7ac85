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

// How a long text is cut; smaller parts take less memory and more calls. Each at least 1.
struct LongTextLimits {
  // Texts up to this many bytes are encoded whole. Default 2,048.
  std::size_t whole_bytes = 2048;
  // A part of this many bytes of normalised text ends at the next place to cut. Default 8,192.
  std::size_t part_bytes = 8192;
  // A part ends, too, within a run of this many unknown characters. Default 256.
  std::size_t unknown_run = 256;
};

// How the pieces of a new part follow those of the part before it. Its first piece is the dummy
// prefix "▁" unless it begins at a space.
enum class CutKind {
  kAtSpace,           // all of them follow
  kBeforeUnknown,     // without the first
  kInsideUnknownRun,  // without the first, and the second continues the last of the part before
};

// Where a new part of a text begins.
struct TextCut {
  std::size_t offset = 0;  // in bytes of the text
  CutKind kind = CutKind::kAtSpace;
};

// A text as sentencepiece normalises it, with "▁" for spaces and in front, and for each byte the
// offset in the text it comes from.
struct NormalizedText {
  std::string_view text;
  std::span<const std::size_t> origins;
};

// Cuts, in order. The parts' pieces, joined as CutKind says, are those of the whole text for every
// BPE and unigram model that adds a dummy prefix, removes extra spaces, has "▁" as a piece and no
// piece with "▁" after its first character: no piece crosses a space or an unknown character, and
// normalisation starts afresh at the boundary of its matches.
std::vector<TextCut> PlanCuts(std::string_view original, const NormalizedText& normalized,
                              const CharacterSet& known, const LongTextLimits& limits);

}  // namespace guichet
