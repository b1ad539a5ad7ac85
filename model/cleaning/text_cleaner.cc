#include "model/cleaning/text_cleaner.h"

#include <array>
#include <cstddef>

#include "model/cleaning/cleaning_rules.h"

namespace guichet {
namespace {

// As kTextCleaningRules.
constexpr std::array<bool (*)(std::string&), kTextCleaningRules.size()> kApply = {
    StripHtml,    RepairMojibake,   DropInvisible, CutQuotes,
    CutSignature, SpaceUnderscores, LowerCapitals, ExpandAbbreviations};

}  // namespace

std::string CleanText(std::string_view text, const TextCleaningOptions& options,
                      ChangedRules* changed) {
  std::string clean(text);
  ChangedRules rules;
  for (int round = 0; round < kMostCleaningRounds; ++round) {
    ChangedRules now;
    for (std::size_t i = 0; i < kApply.size(); ++i) {
      now[i] = options.*kTextCleaningRules[i].enabled && kApply[i](clean);
    }
    if (now.none()) {
      if (changed != nullptr) *changed = rules;
      return clean;
    }
    rules |= now;
  }
  if (changed != nullptr) changed->reset();
  return std::string(text);
}

}  // namespace guichet
