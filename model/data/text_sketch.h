#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guichet {

// How alike two texts are, from 64 bytes of each: MinHash (Broder 1997) over the set of pairs of
// neighbouring words of the NormalizedText, one byte of each of 64 minima (Li, König 2010). The
// share of equal bytes estimates the sets' Jaccard similarity, with a standard error of 0.04 at
// 0.9. Stored with hold-outs: what makes it must never change.
struct TextSketch {
  static constexpr std::size_t kSize = 64;
  // Two texts with this many equal bytes are near-duplicates: nine tenths.
  static constexpr int kNearDuplicate = 58;

  std::array<std::uint8_t, kSize> bytes = {};

  friend bool operator==(const TextSketch&, const TextSketch&) = default;
};

// Of a NormalizedText; a text of one word counts as a pair. Nothing for an empty one.
std::optional<TextSketch> SketchOf(std::string_view normalized_text);

int EqualBytes(const TextSketch& a, const TextSketch& b);
inline bool AreNearDuplicates(const TextSketch& a, const TextSketch& b) {
  return EqualBytes(a, b) >= TextSketch::kNearDuplicate;
}

// 128 hexadecimal digits, and back; nothing where the text is no sketch.
std::string ToHex(const TextSketch& sketch);
std::optional<TextSketch> ParseSketch(std::string_view hex);

}  // namespace guichet
