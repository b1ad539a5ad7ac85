#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "model/cleaning/lines.h"
#include "model/cleaning/mail_parts.h"

namespace guichet {
namespace {

constexpr std::size_t kLookedAt = 320;  // bytes of a line

// Ends of mails. After one come a name and what belongs to it.
constexpr std::array<std::string_view, 22> kClosings = {"cordialement",
                                                        "bien cordialement",
                                                        "tres cordialement",
                                                        "cordiales salutations",
                                                        "sinceres salutations",
                                                        "meilleures salutations",
                                                        "salutations",
                                                        "salutations distinguees",
                                                        "bien a vous",
                                                        "bien a toi",
                                                        "respectueusement",
                                                        "sincerement",
                                                        "amicalement",
                                                        "cdt",
                                                        "cdlt",
                                                        "crdt",
                                                        "bien cdt",
                                                        "regards",
                                                        "best regards",
                                                        "kind regards",
                                                        "cordialement votre",
                                                        "bien sincerement"};

// What programs and companies put below mails, whatever the rest of the line.
constexpr std::array<std::string_view, 20> kFooters = {"envoye de mon ",
                                                       "envoye depuis ",
                                                       "envoye a partir de ",
                                                       "envoye avec ",
                                                       "sent from my ",
                                                       "sent from outlook",
                                                       "obtenez outlook pour",
                                                       "get outlook for",
                                                       "telecharger outlook",
                                                       "telechargez outlook",
                                                       "provenance : courrier",
                                                       "pensez a l'environnement",
                                                       "avant d'imprimer, pensez",
                                                       "avant d'imprimer ce ",
                                                       "n'imprimez ce ",
                                                       "n'imprimez cet ",
                                                       "afin de preserver l'environnement",
                                                       "veuillez agreer",
                                                       "je vous prie d'agreer",
                                                       "p avant d'imprimer"};

// Lines that may stand in the middle of a mail: ends of it only when nothing but a few lines such
// as names, posts and numbers follow.
constexpr std::array<std::string_view, 18> kThanks = {"merci",
                                                      "merci d'avance",
                                                      "merci par avance",
                                                      "merci beaucoup",
                                                      "merci bcp",
                                                      "mci",
                                                      "mci d'avance",
                                                      "merci de votre aide",
                                                      "bonne journee",
                                                      "bonne reception",
                                                      "belle journee",
                                                      "bonne fin de journee",
                                                      "bonne soiree",
                                                      "a+",
                                                      "a bientot",
                                                      "merci et bonne journee",
                                                      "dans l'attente de votre retour",
                                                      "merci par avance pour votre retour"};

constexpr std::string_view kPunctuation = ".,;:!- ";

int WordsOf(std::string_view folded) {
  return static_cast<int>(std::ranges::count(folded, ' ')) + (folded.empty() ? 0 : 1);
}

// "cordialement", "cordialement, jean dupont"; not "cordialement invité à la réunion de demain".
bool IsClosing(std::string_view folded) {
  constexpr int kMostWords = 3;
  for (const std::string_view closing : kClosings) {
    if (!folded.starts_with(closing)) continue;
    std::string_view rest = folded.substr(closing.size());
    if (rest.empty()) return true;
    if (kPunctuation.find(rest.front()) == std::string_view::npos) continue;
    rest.remove_prefix(std::min(rest.find_first_not_of(kPunctuation), rest.size()));
    if (WordsOf(rest) <= kMostWords) return true;
  }
  return false;
}

bool IsFooter(std::string_view folded) {
  const auto begins = [&](std::string_view footer) { return folded.starts_with(footer); };
  if (std::ranges::any_of(kFooters, begins)) return true;
  const bool this_message = folded.starts_with("ce message ") ||
                            folded.starts_with("ce courriel ") || folded.starts_with("ce mail ") ||
                            folded.starts_with("this message ") ||
                            folded.starts_with("this e-mail ") || folded.starts_with("this email ");
  return this_message && folded.find("confidenti") != std::string_view::npos;
}

bool IsThanks(std::string_view folded) {
  while (!folded.empty() && kPunctuation.find(folded.back()) != std::string_view::npos) {
    folded.remove_suffix(1);
  }
  return std::ranges::find(kThanks, folded) != kThanks.end();
}

bool IsPostscript(std::string_view folded) {
  for (const std::string_view mark : {"ps :", "ps:", "p.s", "nb :", "nb:"}) {
    if (folded.starts_with(mark)) return true;
  }
  return false;
}

constexpr int kMostLines = 20;  // of a signature, below its first

// What may stand below an end of a mail.
struct TailLimits {
  int lines = kMostLines;
  int words = 1000;  // of a line
  int least_lines = 0;
};

bool IsTail(std::string_view mail, std::size_t begin, const TailLimits& limits) {
  int lines = 0;
  for (std::size_t at = begin; at < mail.size();) {
    const std::string_view line = LineAt(mail, at);
    at = NextLine(mail, line);
    if (IsBlankLine(line)) continue;
    if (++lines > limits.lines) return false;
    const std::string folded = FoldLine(line, kLookedAt);
    if (IsPostscript(folded) || WordsOf(folded) > limits.words || folded.ends_with('?')) {
      return false;
    }
  }
  return lines >= limits.least_lines;
}

bool BeginsSignature(std::string_view mail, std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return false;
  const std::size_t next = NextLine(mail, line);
  if (line == "--" || line == "-- " || line == "--\r") return IsTail(mail, next, {});
  const std::string folded = FoldLine(line, kLookedAt);
  if (IsClosing(folded) || IsFooter(folded)) return IsTail(mail, next, {});
  return IsThanks(folded) && IsTail(mail, next, {.lines = 5, .words = 6, .least_lines = 1});
}

// Where the last lines of `mail` begin, as many as a signature has at most.
std::size_t BeginOfLastLines(std::string_view mail) {
  std::size_t begin = mail.size();
  for (int lines = 0; lines <= kMostLines && begin > 0;) {
    const std::size_t end = begin - 1;  // its '\n', or the last line's last character
    const std::size_t before = end == 0 ? std::string_view::npos : mail.rfind('\n', end - 1);
    begin = before == std::string_view::npos ? 0 : before + 1;
    if (!IsBlankLine(mail.substr(begin, end - begin))) ++lines;
  }
  return begin;
}

}  // namespace

std::size_t BeginOfSignature(std::string_view mail) {
  for (std::size_t at = BeginOfLastLines(mail); at < mail.size();) {
    const std::string_view line = LineAt(mail, at);
    if (BeginsSignature(mail, line)) return at;
    at = NextLine(mail, line);
  }
  return std::string_view::npos;
}

}  // namespace guichet
