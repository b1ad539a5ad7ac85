#pragma once

#include <string_view>

namespace guichet {

// Whether a text holds UTF-8 that was once read as Windows-1252 ("rÃ©seau", "lâ€™Ã©cran"), or the
// replacement character that stands for what was lost. `text` must be valid UTF-8.
bool HasMojibake(std::string_view text);

}  // namespace guichet
