#include "model/text/long_text.h"

#include <optional>

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
  std::size_t part_start = 0;  // in normalised bytes
  std::size_t run = 0;         // unknown characters just before, in this part
  char32_t previous = kSpaceMark;
  std::size_t previous_origin = 0;
  for (std::size_t at = 0; at < normalized.text.size();) {
    const Utf8Character character = DecodeUtf8(normalized.text, at);
    const std::size_t origin = normalized.origins[at];
    // One match may yield several characters; a cut inside it would normalise differently.
    // After a "▁" there is no cut either: it would end the part before, where it is stripped.
    const bool may_cut = at > 0 && origin != previous_origin && previous != kSpaceMark;
    const bool long_part = at - part_start >= limits.part_bytes;
    const bool is_space = character.code_point == kSpaceMark;
    const bool unknown = !is_space && !known.Contains(character.code_point);
    std::optional<CutKind> cut;
    if (may_cut && is_space && long_part && original[origin] == ' ') {
      cut = CutKind::kAtSpace;
    } else if (may_cut && unknown && (long_part || run >= limits.unknown_run)) {
      cut = run > 0 ? CutKind::kInsideUnknownRun : CutKind::kBeforeUnknown;
    }
    if (cut.has_value()) {
      cuts.push_back({origin, *cut});
      part_start = at;
      run = 0;
    }
    run = unknown ? run + 1 : 0;
    previous = character.code_point;
    previous_origin = origin;
    at += character.length;
  }
  return cuts;
}

}  // namespace guichet
