#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace guichet {

// What a tag means for the text around it.
enum class TagEffect {
  kNone,       // a part of a line: b, span, a …
  kSpace,      // a cell of a table
  kBreak,      // a line ends: br, p, div …
  kQuote,      // blockquote: what a mail program puts an older mail into
  kDropsBody,  // script, style and their like: nothing up to the closing tag is text
  kImage,      // its alternative text is text
};

// A tag, comment or declaration of HTML in a text.
struct HtmlTag {
  std::string_view name = {};  // as written; empty for comments and declarations
  bool closing = false;
  TagEffect effect = TagEffect::kNone;
  // Whether it shows by itself that the text around it is HTML. "<code>" in a sentence does not.
  bool telling = false;
  std::string_view alternative = {};  // the alt attribute of an image
  std::size_t end = 0;                // offset in the text behind it
};

// The tag at `offset`, where a '<' stands: an element that HTML, or a mail of Outlook's, knows,
// with attributes that have values. Nothing for any other '<', such as "a < b", "<serveur>" or "<b
// et c>". Looks no further than the next '<' or the end of the tag; `comments`: whether a "-->" is
// to come.
std::optional<HtmlTag> ReadHtmlTag(std::string_view text, std::size_t offset, bool comments);

bool EqualsIgnoringCase(std::string_view first, std::string_view second);  // of ASCII

}  // namespace guichet
