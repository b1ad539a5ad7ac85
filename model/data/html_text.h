#pragma once

#include <string>
#include <string_view>

namespace guichet {

// What a reader sees of an HTML fragment: blocks on lines of their own, scripts and styles left
// out, pictures by their alt text, entities as characters, white space as one space. Text whose
// tags are written as entities (&lt;p&gt;) is taken for the HTML it stands for. Only HTML's own
// tags are taken for tags, so that "a < b" and "<serveur>" stay. Never longer than the input but
// for entities of long characters; `html` must be valid UTF-8, as is the answer.
std::string HtmlToText(std::string_view html);

}  // namespace guichet
