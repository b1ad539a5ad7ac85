#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace guichet {

struct HtmlEntity {
  char32_t character = 0;
  std::size_t length = 0;  // in bytes, '&' and ';' included
};

// The character reference at `offset`, where a '&' stands: one of HTML 4's names or a number, ended
// by ';'. Nothing for anything else.
std::optional<HtmlEntity> ReadHtmlEntity(std::string_view text, std::size_t offset);

}  // namespace guichet
