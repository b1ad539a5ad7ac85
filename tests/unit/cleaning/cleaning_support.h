#pragma once

#include <string>
#include <string_view>

#include "model/cleaning/text_cleaner.h"

namespace guichet {

// `text` cleaned by the rules named.
inline std::string Clean(std::string_view text, std::string_view rules = "all") {
  return CleanText(text, ParseTextCleaning(rules).value());
}

struct CleaningCase {
  const char* text = nullptr;
  const char* clean = nullptr;
};

}  // namespace guichet
