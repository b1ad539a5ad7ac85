#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Text on the page. Private to model/report.

namespace guichet {

// Text that stays text in HTML, XML and quoted attributes: markup characters escaped, ill-formed
// UTF-8 and characters that XML does not allow replaced by U+FFFD.
std::string EscapeHtml(std::string_view text);

// At most `characters` (at least 1) code points, the last one "…" when some are left out.
std::string Shorten(std::string_view text, std::size_t characters);

// "89.4 %"; "–" without a value.
std::string Percent(const std::optional<double>& share, int decimals = 1);
// "0.894"; "–" without a value.
std::string Decimals(const std::optional<double>& value, int decimals = 3);
// "12,345".
std::string Grouped(std::int64_t count);

}  // namespace guichet
