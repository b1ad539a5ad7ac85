#include "model/cleaning/mail_parts.h"

#include <algorithm>
#include <array>
#include <string>

#include "model/cleaning/lines.h"

namespace guichet {
namespace {

constexpr std::size_t kLongestHeaderLine = 300;  // bytes that are looked at
constexpr int kMostHeaderLines = 8;

constexpr std::array<std::string_view, 12> kDividers = {
    "message d'origine",          "message original",        "message initial",
    "courrier d'origine",         "original message",        "forwarded message",
    "message transfere",          "message reexpedie",       "debut du message reexpedie",
    "debut du message transfere", "begin forwarded message", "original appointment"};

// What a line of a header block says of the mail.
enum class HeaderField { kNone, kFrom, kOther, kTelling };

struct FieldName {
  std::string_view name;
  HeaderField field = HeaderField::kNone;
};

// "Date", "De" and "À" alone may be a form's, a journey's for one.
constexpr FieldName kFieldNames[] = {
    {"de", HeaderField::kFrom},           {"from", HeaderField::kFrom},
    {"expediteur", HeaderField::kFrom},   {"envoye par", HeaderField::kFrom},
    {"envoye", HeaderField::kTelling},    {"envoye le", HeaderField::kTelling},
    {"sent", HeaderField::kTelling},      {"objet", HeaderField::kTelling},
    {"sujet", HeaderField::kTelling},     {"subject", HeaderField::kTelling},
    {"date", HeaderField::kOther},        {"a", HeaderField::kOther},
    {"to", HeaderField::kOther},          {"cc", HeaderField::kOther},
    {"destinataire", HeaderField::kOther}};

HeaderField FieldOf(std::string_view line) {
  constexpr std::size_t kLongestName = 24;
  const std::size_t colon = line.substr(0, kLongestName).find(':');
  if (colon == std::string_view::npos) return HeaderField::kNone;
  std::string name = FoldLine(line.substr(0, colon), kLongestName);
  while (name.ends_with(' ') || name.ends_with('*')) name.pop_back();  // "*De :*" of bold text
  const auto* const found = std::ranges::find(kFieldNames, name, &FieldName::name);
  return found == std::end(kFieldNames) ? HeaderField::kNone : found->field;
}

bool HasDigit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

std::string_view WithoutRules(std::string_view line) {
  constexpr std::string_view kRules = " \t\r-_=*>:";
  const std::size_t begin = line.find_first_not_of(kRules);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kRules) - begin + 1);
}

bool IsDivider(std::string_view line) {
  constexpr std::size_t kLongestDivider = 90;
  if (line.size() > kLongestDivider) return false;
  const std::string_view words = WithoutRules(line);
  constexpr std::string_view kFirstLetters = "MmCcOoFfDdBb";
  if (words.empty() || kFirstLetters.find(words.front()) == std::string_view::npos) return false;
  const std::string folded = FoldLine(words, kLongestDivider);
  if (folded.starts_with("message transfere par ")) return true;
  return std::ranges::find(kDividers, folded) != kDividers.end();
}

// "le 12 mars 2024 à 10:15, x a écrit", "on … wrote", "x a écrit le 12/03/2024"
bool IsAttribution(std::string_view line) {
  if (!HasDigit(line)) return false;
  std::string folded = FoldLine(line, kLongestHeaderLine);
  if (!folded.ends_with(':')) return false;
  folded.pop_back();
  if (folded.ends_with(' ')) folded.pop_back();
  if (folded.starts_with("le ") || folded.starts_with("du ")) {
    return folded.ends_with(" a ecrit") || folded.ends_with(" ecrivait");
  }
  if (folded.starts_with("on ")) return folded.ends_with(" wrote");
  return folded.find(" a ecrit le ") != std::string::npos;
}

// Mail programs break a long attribution.
std::size_t EndOfAttribution(std::string_view text, std::size_t begin) {
  constexpr int kMostLines = 3;
  const std::string start = FoldLine(LineAt(text, begin), 4);
  const bool may_break =
      start.starts_with("le ") || start.starts_with("on ") || start.starts_with("du ");
  std::size_t at = begin;
  for (int lines = 0; lines < kMostLines && at < text.size(); ++lines) {
    const std::string_view line = LineAt(text, at);
    at = NextLine(text, line);
    const auto length = static_cast<std::size_t>(line.data() + line.size() - text.data()) - begin;
    if (length > kLongestHeaderLine || IsBlankLine(line)) break;
    const std::size_t last = line.find_last_not_of(" \t\r*");
    if (line[last] == ':' && IsAttribution(text.substr(begin, length))) return at;
    if (!may_break) break;
  }
  return begin;
}

std::size_t EndOfHeaderBlock(std::string_view text, std::size_t begin) {
  if (FieldOf(LineAt(text, begin)) != HeaderField::kFrom) return begin;
  std::size_t end = begin;
  bool telling = false;
  std::size_t at = begin;
  for (int lines = 0; lines < kMostHeaderLines && at < text.size(); ++lines) {
    const std::string_view line = LineAt(text, at);
    at = NextLine(text, line);
    if (IsBlankLine(line)) continue;
    const HeaderField field = FieldOf(line);
    if (field == HeaderField::kNone) break;
    telling = telling || field == HeaderField::kTelling;
    end = at;
  }
  return telling ? end : begin;
}

}  // namespace

std::size_t EndOfMailHeader(std::string_view text, std::size_t begin) {
  const std::string_view line = LineAt(text, begin);
  if (IsDivider(line)) return NextLine(text, line);
  if (const std::size_t end = EndOfHeaderBlock(text, begin); end > begin) return end;
  return EndOfAttribution(text, begin);
}

bool IsQuotedLine(std::string_view line) {
  const std::size_t mark = line.find_first_not_of(" \t");
  if (mark == std::string_view::npos || line[mark] != '>') return false;
  const std::size_t first = line.find_first_not_of("> \t\r", mark);
  if (first == std::string_view::npos) return true;
  return line[first] != '=' && !HasDigit(line.substr(first, 1));
}

std::size_t BeginOfLastQuote(std::string_view text) {
  // Where the quoted lines begin that nothing but blank ones follow.
  std::size_t quoted = text.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = LineAt(text, at);
    const std::size_t end = EndOfMailHeader(text, at);
    if (IsQuotedLine(line)) {
      quoted = std::min(quoted, at);
      at = NextLine(text, line);
    } else if (end > at) {
      const std::size_t header = at;
      at = end;
      while (at < text.size() && IsBlankLine(LineAt(text, at)))
        at = NextLine(text, LineAt(text, at));
      if (at >= text.size() || !IsQuotedLine(LineAt(text, at))) return std::min(quoted, header);
      quoted = std::min(quoted, header);
    } else {
      if (!IsBlankLine(line)) quoted = text.size();
      at = NextLine(text, line);
    }
  }
  return quoted;
}

}  // namespace guichet
