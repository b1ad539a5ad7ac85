#pragma once

#include <string_view>
#include <vector>

namespace guichet {

// The sentences of a paragraph, valid UTF-8: each ends with . ! ? or …, closing quotes and brackets
// behind that included, before white space, unless a small letter follows or the full stop belongs
// to an initial or a short form ("M. Guyot", "p. ex."). White space between sentences is left out;
// all else is in exactly one. Blank text has none. Views borrow from `paragraph`.
std::vector<std::string_view> SplitSentences(std::string_view paragraph);

}  // namespace guichet
