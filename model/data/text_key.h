#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace guichet {

// What two texts must share to count as duplicates: letters and digits only, in lower case, without
// accents, runs of anything else as one space ("Écran  NOIR !" → "ecran noir"). Empty where the
// text holds no letter or digit. Invalid UTF-8 counts as anything else.
std::string NormalizedText(std::string_view text);

// 128 bits that stand for a text: two texts of one data set share a key only when they are equal
// (the chance of a collision among a billion texts is below 1e-20). Stable across platforms and
// versions.
struct TextKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const TextKey&, const TextKey&) = default;
};

TextKey KeyOfText(std::string_view text);

}  // namespace guichet

template <>
struct std::hash<guichet::TextKey> {
  std::size_t operator()(const guichet::TextKey& key) const noexcept {
    return static_cast<std::size_t>(key.low);
  }
};
