#include "model/data/personal_numbers.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace guichet {
namespace {

constexpr std::size_t kNirDigits = 15;

// Characters of an IBAN by country: the SWIFT IBAN registry's, Europe and the Maghreb.
constexpr std::array<std::pair<std::string_view, std::size_t>, 42> kIbanLengths = {
    {{"AD", 24}, {"AE", 23}, {"AT", 20}, {"BE", 16}, {"BG", 22}, {"CH", 21}, {"CY", 28},
     {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"EE", 20}, {"ES", 24}, {"FI", 18}, {"FO", 18},
     {"FR", 27}, {"GB", 22}, {"GI", 23}, {"GR", 27}, {"HR", 21}, {"HU", 28}, {"IE", 22},
     {"IL", 23}, {"IS", 26}, {"IT", 27}, {"LB", 28}, {"LI", 21}, {"LT", 20}, {"LU", 20},
     {"LV", 21}, {"MC", 27}, {"MR", 27}, {"MT", 31}, {"NL", 18}, {"NO", 15}, {"PL", 28},
     {"PT", 25}, {"RO", 24}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"TN", 24}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char ToUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool Continues(std::string_view text, std::size_t at) {
  return at < text.size() && (IsDigit(text[at]) || IsLetter(text[at]));
}

// Bytes of one separator at `at`: space, dot, hyphen, slash, or a no-break space.
std::size_t SeparatorAt(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const char c = text[at];
  if (c == ' ' || c == '.' || c == '-' || c == '/') return 1;
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("\xC2\xA0")) return 2;
  return rest.starts_with("\xE2\x80\xAF") ? 3 : 0;
}

// Takes `count` letters and digits in upper case, with at most one separator between two; returns
// the bytes they fill, 0 when there are fewer or more follow.
std::size_t Collect(std::string_view text, std::size_t count, std::string& taken) {
  std::size_t at = 0;
  while (taken.size() < count) {
    if (!taken.empty() && !Continues(text, at)) at += SeparatorAt(text, at);
    if (!Continues(text, at)) return 0;
    taken += ToUpper(text[at++]);
  }
  return Continues(text, at) ? 0 : at;
}

// Five pairs of digits with the same between all of them, or nothing: a date with an hour behind
// it has ten digits as well.
std::size_t MatchNationalPhone(std::string_view text) {
  if (text.size() < 10 || text[0] != '0' || text[1] < '1' || text[1] > '9') return 0;
  const std::string_view separator = text.substr(2, SeparatorAt(text, 2));
  if (separator == "/") return 0;
  std::size_t at = 2;
  for (int pair = 0; pair < 4; ++pair) {
    if (!text.substr(at).starts_with(separator)) return 0;
    at += separator.size();
    if (at + 1 >= text.size() || !IsDigit(text[at]) || !IsDigit(text[at + 1])) return 0;
    at += 2;
  }
  return Continues(text, at) ? 0 : at;
}

}  // namespace

std::size_t MatchIban(std::string_view text) {
  if (text.size() < 15 || !IsLetter(text[0]) || !IsLetter(text[1]) || !IsDigit(text[2]) ||
      !IsDigit(text[3])) {
    return 0;
  }
  const std::string country = {ToUpper(text[0]), ToUpper(text[1])};
  const auto known =
      std::ranges::find(kIbanLengths, country, [](const auto& entry) { return entry.first; });
  if (known == kIbanLengths.end()) return 0;
  std::string iban;
  const std::size_t bytes = Collect(text, known->second, iban);
  if (bytes == 0) return 0;
  std::rotate(iban.begin(), iban.begin() + 4, iban.end());
  unsigned rest = 0;  // of the number that the letters make, A being 10
  for (const char c : iban) {
    const auto value = static_cast<unsigned>(IsDigit(c) ? c - '0' : c - 'A' + 10);
    rest = (rest * (value > 9 ? 100U : 10U) + value) % 97U;
  }
  return rest == 1 ? bytes : 0;
}

std::size_t MatchNir(std::string_view text) {
  constexpr std::string_view kSexes = "123478";
  if (text.size() < kNirDigits || kSexes.find(text[0]) == kSexes.npos) return 0;
  std::string nir;
  const std::size_t bytes = Collect(text, kNirDigits, nir);
  if (bytes == 0) return 0;
  // Corsica's departments count as 19 and 18.
  if (nir[5] == '2' && (nir[6] == 'A' || nir[6] == 'B')) {
    nir.replace(5, 2, nir[6] == 'A' ? "19" : "18");
  }
  if (!std::ranges::all_of(nir, IsDigit)) return 0;
  const int month = (nir[3] - '0') * 10 + (nir[4] - '0');
  const bool known_month = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) ||
                           month >= 50;  // those above 12: unknown or made up by the registry
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 13; ++i) {
    number = number * 10 + static_cast<std::uint64_t>(nir[i] - '0');
  }
  const int key = (nir[13] - '0') * 10 + (nir[14] - '0');
  return known_month && static_cast<int>(97 - number % 97) == key ? bytes : 0;
}

std::size_t MatchPhone(std::string_view text) {
  const bool international = text.starts_with('+');
  if (!international && !text.starts_with("0033")) return MatchNationalPhone(text);
  if (international && (text.size() < 2 || text[1] < '1' || text[1] > '9')) return 0;
  const std::size_t least = international ? 8 : 13;
  const std::size_t most = international ? 15 : 13;  // E.164
  std::size_t at = international ? 1 : 0;
  std::size_t digits = 0;
  while (digits < most) {
    std::size_t next = at;
    if (digits > 0) {
      next += SeparatorAt(text, next);
      if (text.substr(next).starts_with("(0)")) next += 3;
      next += SeparatorAt(text, next);
    }
    if (next >= text.size() || !IsDigit(text[next])) break;
    ++digits;
    at = next + 1;
  }
  return digits < least || Continues(text, at) ? 0 : at;
}

std::size_t MatchIpv4(std::string_view text) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (at >= text.size() || text[at] != '.') return 0;
      ++at;
    }
    int value = 0;
    std::size_t digits = 0;
    while (at < text.size() && IsDigit(text[at]) && digits < 4) {
      value = value * 10 + (text[at++] - '0');
      ++digits;
    }
    if (digits == 0 || digits > 3 || value > 255) return 0;
  }
  const bool goes_on = at + 1 < text.size() && text[at] == '.' && IsDigit(text[at + 1]);
  return goes_on || Continues(text, at) ? 0 : at;
}

bool IsIpv6(std::string_view text) {
  int groups = 0;
  bool shortened = false;
  std::size_t at = 0;
  if (text.starts_with(':') && !text.starts_with("::")) return false;
  while (at < text.size()) {
    if (text.substr(at).starts_with("::")) {
      if (std::exchange(shortened, true)) return false;
      at += 2;
      continue;
    }
    if (at > 0 && text[at] == ':') ++at;
    if (MatchIpv4(text.substr(at)) == text.size() - at) {
      groups += 2;
      break;
    }
    std::size_t digits = 0;
    while (at < text.size() && text[at] != ':') {
      const char c = ToUpper(text[at]);
      if (!IsDigit(c) && !(c >= 'A' && c <= 'F')) return false;
      ++at;
      ++digits;
    }
    if (digits == 0 || digits > 4) return false;
    ++groups;
  }
  // "::1" and "a::b" are less likely addresses of somebody than times and code.
  return shortened ? groups >= 3 && groups <= 7 : groups == 8;
}

}  // namespace guichet
