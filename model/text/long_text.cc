#include "model/text/long_text.h"

#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr char32_t kSpaceMark = 0x2581;  // ▁

}  // namespace

void CharacterSet::Add(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    const Utf8Character character = DecodeUtf8(text, offset);
    contains_[character.code_point] = true;
    offset += character.length;
  }
}

std::vector<TextCut> PlanCuts(std::string_view original, const NormalizedText& normalized,
                              const CharacterSet& known, const LongTextLimits& limits) {
  std::vector<TextCut> cuts;
  std::size_t part_start = 0;   // in normalised bytes
  std::size_t unknown_run = 0;  // characters of the current run, in this part
  std::size_t previous_origin = 0;
  for (std::size_t at = 0; at < normalized.text.size();) {
    const Utf8Character character = DecodeUtf8(normalized.text, at);
    const std::size_t origin = normalized.origins[at];
    // One match may yield several characters; a cut inside it would normalise differently.
    const bool starts_match = at > 0 && origin != previous_origin;
    const bool unknown =
        character.code_point != kSpaceMark && !known.Contains(character.code_point);
    if (starts_match && character.code_point == kSpaceMark && original[origin] == ' ' &&
        at - part_start >= limits.part_bytes) {
      cuts.push_back({origin, false});
      part_start = at;
    } else if (starts_match && unknown && unknown_run >= limits.unknown_run) {
      cuts.push_back({origin, true});
      part_start = at;
      unknown_run = 0;
    }
    unknown_run = unknown ? unknown_run + 1 : 0;
    previous_origin = origin;
    at += character.length;
  }
  return cuts;
}

}  // namespace guichet
