#pragma once

#include <string_view>
#include <vector>

namespace guichet {

// Splits text, valid UTF-8, as GPT-2's expression does:
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// with \s = Unicode's White_Space. The parts joined are the text.
std::vector<std::string_view> SplitIntoWords(std::string_view text);

}  // namespace guichet
