#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "model/cleaning/cleaning_rules.h"
#include "model/cleaning/lines.h"
#include "model/cleaning/mail_parts.h"

// The rules that keep of a mail what its author wrote this time.

namespace guichet {
namespace {

// A mail of fewer words than this, such as "Voir ci-dessous", says little without the mail below.
constexpr int kFewestWords = 4;

// `text` without blank lines and rules ("______") at its end.
std::string_view WithoutEnd(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n_=-*");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::string WithoutQuotes(std::string_view text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view line = LineAt(text, at);
    std::size_t next = NextLine(text, line);
    if (IsQuotedLine(line)) {
      at = next;
      continue;
    }
    const std::size_t end = EndOfMailHeader(text, at);
    if (end == at) {
      kept.append(text, at, next - at);
      at = next;
      continue;
    }
    // Below an attribution with marked lines, the author may go on; else the rest is the old mail.
    next = end;
    while (next < text.size() && IsBlankLine(LineAt(text, next))) {
      next = NextLine(text, LineAt(text, next));
    }
    if (next >= text.size() || !IsQuotedLine(LineAt(text, next))) break;
    at = next;
  }
  return kept;
}

}  // namespace

bool CutQuotes(std::string& text) {
  std::string kept = WithoutQuotes(text);
  if (kept.size() == text.size()) return false;
  kept.resize(WithoutEnd(kept).size());
  const std::string_view mail = std::string_view(kept).substr(0, BeginOfSignature(kept));
  if (CountWords(mail, kFewestWords) < kFewestWords) return false;
  text = std::move(kept);
  return true;
}

bool CutSignature(std::string& text) {
  const std::string_view all = text;
  const std::size_t quote = BeginOfLastQuote(all);
  const std::string_view mail = all.substr(0, quote);
  const std::size_t begin = BeginOfSignature(mail);
  if (begin == std::string_view::npos) return false;
  const std::string_view kept = WithoutEnd(mail.substr(0, begin));
  if (CountWords(kept, 1) == 0) return false;
  std::string result(kept);
  if (quote < text.size()) result.append(1, '\n').append(all.substr(quote));
  text = std::move(result);
  return true;
}

}  // namespace guichet
