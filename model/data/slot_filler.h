#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"

namespace guichet {

// Fills the {slots} of a phrase with values drawn at random, values with slots of their own
// included, and joins them as French does: "de le" becomes "du", "à les" "aux", "de Outlook"
// "d'Outlook". Owned by one ticket; not thread-safe.
class SlotFiller {
 public:
  explicit SlotFiller(Random& random) : random_(random) {}

  // From now on {slot} stands for this phrase instead of a drawn one.
  void Bind(std::string_view slot, std::string_view phrase);

  // The phrase with every slot filled. A phrase with an unknown slot is a mistake in the grammar:
  // the slot stays visible, and a test looks for braces.
  std::string Fill(std::string_view phrase);

 private:
  std::string FillNested(std::string_view phrase, int depth);
  std::string Value(std::string_view slot, int depth);

  Random& random_;
  std::vector<std::pair<std::string, std::string>> bindings_;
};

// Appends a noun phrase to a text, contracting and eliding where French asks for it.
void AppendFrench(std::string& text, std::string_view value);

}  // namespace guichet
