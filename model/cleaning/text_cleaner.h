#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "model/cleaning/text_cleaning_options.h"

namespace guichet {

// Rules that changed a text, by their place in kTextCleaningRules.
using ChangedRules = std::bitset<kTextCleaningRules.size()>;

// `text`, valid UTF-8, as the rules leave it: valid UTF-8, and a text that cleaning leaves alone.
// The rules are applied one after another, again and again until none changes anything (a mail that
// was escaped twice takes a round more); a text that does not come to rest in kMostCleaningRounds
// is taken as it came. Quotes and signatures stay where too few words would be left without them,
// so that a text with words to read keeps some. Pure; time and memory are linear in the text's
// size. `changed`, if any, is set to the rules that changed the text.
std::string CleanText(std::string_view text, const TextCleaningOptions& options,
                      ChangedRules* changed = nullptr);

inline constexpr int kMostCleaningRounds = 8;

}  // namespace guichet
