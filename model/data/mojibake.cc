#include "model/data/mojibake.h"

#include "model/cleaning/text_cleaner.h"

namespace guichet {

bool HasMojibake(std::string_view text) {
  if (text.find("\uFFFD") != text.npos) return true;
  ChangedRules changed;
  CleanText(text, {.mojibake = true}, &changed);
  return changed.any();
}

}  // namespace guichet
