// Any valid UTF-8 by any rules: valid UTF-8 comes back, and cleaning it again changes nothing. The
// first byte chooses the rules, a bit each.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model/cleaning/text_cleaner.h"
#include "model/text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  guichet::TextCleaningOptions rules;
  for (std::size_t i = 0; i < guichet::kTextCleaningRules.size(); ++i) {
    rules.*guichet::kTextCleaningRules[i].enabled = ((data[0] >> i) & 1U) != 0;
  }
  const std::string text = guichet::ReplaceInvalidUtf8(input.substr(1));
  const std::string once = guichet::CleanText(text, rules);
  if (guichet::FindInvalidUtf8(once).has_value()) std::abort();
  if (guichet::CleanText(once, rules) != once) std::abort();
  return 0;
}
