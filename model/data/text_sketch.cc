#include "model/data/text_sketch.h"

#include <algorithm>
#include <limits>

#include "base/random.h"

namespace guichet {
namespace {

struct HashFunction {
  std::uint64_t flip = 0;
  std::uint64_t factor = 1;  // odd
};

constexpr std::array<HashFunction, TextSketch::kSize> MakeFunctions() {
  std::array<HashFunction, TextSketch::kSize> functions{};
  std::uint64_t seed = 0x67756963686574ULL;
  for (HashFunction& function : functions) {
    function.flip = MixBits(seed++);
    function.factor = MixBits(seed++) | 1U;
  }
  return functions;
}
constexpr std::array<HashFunction, TextSketch::kSize> kFunctions = MakeFunctions();

// FNV-1a, mixed.
std::uint64_t HashWord(std::string_view word) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : word) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return MixBits(hash);
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::optional<TextSketch> SketchOf(std::string_view normalized_text) {
  if (normalized_text.empty()) return std::nullopt;
  std::array<std::uint64_t, TextSketch::kSize> minima;
  minima.fill(std::numeric_limits<std::uint64_t>::max());
  const auto take = [&](std::uint64_t shingle) {
    for (std::size_t i = 0; i < TextSketch::kSize; ++i) {
      minima[i] = std::min(minima[i], (shingle ^ kFunctions[i].flip) * kFunctions[i].factor);
    }
  };
  std::optional<std::uint64_t> before;
  std::size_t words = 0;
  while (!normalized_text.empty()) {
    const std::string_view word = normalized_text.substr(0, normalized_text.find(' '));
    normalized_text.remove_prefix(std::min(normalized_text.size(), word.size() + 1));
    const std::uint64_t hash = HashWord(word);
    if (before) take(MixBits(*before ^ (hash << 1U | hash >> 63U)));
    before = hash;
    ++words;
  }
  if (words == 1) take(*before);
  TextSketch sketch;
  for (std::size_t i = 0; i < TextSketch::kSize; ++i) {
    sketch.bytes[i] = static_cast<std::uint8_t>(MixBits(minima[i]) >> 56U);
  }
  return sketch;
}

int EqualBytes(const TextSketch& a, const TextSketch& b) {
  int equal = 0;
  for (std::size_t i = 0; i < TextSketch::kSize; ++i) equal += a.bytes[i] == b.bytes[i] ? 1 : 0;
  return equal;
}

std::string ToHex(const TextSketch& sketch) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * TextSketch::kSize);
  for (const std::uint8_t byte : sketch.bytes) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xFU];
  }
  return hex;
}

std::optional<TextSketch> ParseSketch(std::string_view hex) {
  if (hex.size() != 2 * TextSketch::kSize) return std::nullopt;
  TextSketch sketch;
  for (std::size_t i = 0; i < TextSketch::kSize; ++i) {
    const int high = DigitOf(hex[2 * i]);
    const int low = DigitOf(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    sketch.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return sketch;
}

}  // namespace guichet
