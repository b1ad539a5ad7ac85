#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace guichet {

// The line that begins at `begin` <= text.size(), without its '\n'.
std::string_view LineAt(std::string_view text, std::size_t begin);
// Where the line after `line`, a line of `text`, begins; text.size() when it is the last.
std::size_t NextLine(std::string_view text, std::string_view line);

// A line as it is compared with phrases: lower case without accents, ’ as ', runs of white space as
// one space, none at the ends, and no '*' or '>' or space before it. At most `most` bytes of the
// line are read. Text beyond Latin-1 stays as it is.
std::string FoldLine(std::string_view line, std::size_t most);

bool IsBlankLine(std::string_view line);

// How many words `text` has, counted up to `most`: runs of letters and digits of two bytes or more,
// greetings and thanks left out.
int CountWords(std::string_view text, int most);

}  // namespace guichet
