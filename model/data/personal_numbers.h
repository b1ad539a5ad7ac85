#pragma once

#include <cstddef>
#include <string_view>

namespace guichet {

// How many bytes at the head of `text` are such a number, 0 when they are none. The digits may be
// grouped by one space (also a no-break one), dot or hyphen. What comes before is the caller's to
// check; behind it no letter or digit follows.

std::size_t MatchIban(std::string_view text);
std::size_t MatchNir(std::string_view text);
std::size_t MatchPhone(std::string_view text);
std::size_t MatchIpv4(std::string_view text);
// `text` is the whole word: hexadecimal digits, colons and, at the end, an IPv4 address.
bool IsIpv6(std::string_view text);

}  // namespace guichet
