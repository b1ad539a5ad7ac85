#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "model/cleaning/cleaning_rules.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

// How an abbreviation must be written to be one.
enum class Spelling {
  kAny,
  kLower,     // "ds": dans; "DS" may be anything
  kUpper,     // "BAL": a mailbox; "bal" is a dance
  kNotTitle,  // "maj", "MAJ": mise à jour; "Maj" is a key
};

struct Abbreviation {
  std::string_view brief;
  std::string_view full;
  Spelling spelling = Spelling::kAny;
};

// Those of mails to a French helpdesk that mean one thing. Left out since they are words or mean
// several things: tel, vs, num, rep, ct, pdt. No full form holds a brief one.
constexpr Abbreviation kAbbreviations[] = {{"mdp", "mot de passe"},
                                           {"mdps", "mots de passe"},
                                           {"pb", "problème"},
                                           {"pbs", "problèmes"},
                                           {"pbm", "problème"},
                                           {"pblm", "problème"},
                                           {"svp", "s'il vous plaît"},
                                           {"stp", "s'il te plaît", Spelling::kLower},
                                           {"réinit", "réinitialisation"},
                                           {"reinit", "réinitialisation"},
                                           {"pj", "pièce jointe"},
                                           {"pjs", "pièces jointes"},
                                           {"dispo", "disponible"},
                                           {"dispos", "disponibles"},
                                           {"indispo", "indisponible"},
                                           {"hs", "hors service"},
                                           {"rdv", "rendez-vous"},
                                           {"tél", "téléphone"},
                                           {"bjr", "bonjour"},
                                           {"bsr", "bonsoir"},
                                           {"slt", "salut"},
                                           {"cdt", "cordialement"},
                                           {"cdlt", "cordialement"},
                                           {"mci", "merci"},
                                           {"bcp", "beaucoup"},
                                           {"tjs", "toujours"},
                                           {"tjrs", "toujours"},
                                           {"qd", "quand"},
                                           {"qq", "quelques"},
                                           {"qqs", "quelques"},
                                           {"qqn", "quelqu'un"},
                                           {"qqch", "quelque chose"},
                                           {"qqc", "quelque chose"},
                                           {"pr", "pour", Spelling::kLower},
                                           {"ds", "dans", Spelling::kLower},
                                           {"ns", "nous", Spelling::kLower},
                                           {"tt", "tout", Spelling::kLower},
                                           {"tte", "toute", Spelling::kLower},
                                           {"ttes", "toutes", Spelling::kLower},
                                           {"pk", "pourquoi", Spelling::kLower},
                                           {"pq", "pourquoi", Spelling::kLower},
                                           {"nv", "nouveau", Spelling::kLower},
                                           {"nvx", "nouveaux", Spelling::kLower},
                                           {"nvelle", "nouvelle"},
                                           {"pvez", "pouvez"},
                                           {"dps", "depuis"},
                                           {"jms", "jamais"},
                                           {"lgtps", "longtemps"},
                                           {"tps", "temps"},
                                           {"auj", "aujourd'hui"},
                                           {"ajd", "aujourd'hui"},
                                           {"càd", "c'est-à-dire"},
                                           {"msg", "message"},
                                           {"msgs", "messages"},
                                           {"appli", "application"},
                                           {"applis", "applications"},
                                           {"ordi", "ordinateur"},
                                           {"ordis", "ordinateurs"},
                                           {"imp", "imprimante"},
                                           {"cnx", "connexion"},
                                           {"cde", "commande"},
                                           {"cdes", "commandes"},
                                           {"dde", "demande"},
                                           {"maj", "mise à jour", Spelling::kNotTitle},
                                           {"bal", "boîte aux lettres", Spelling::kUpper},
                                           {"chgt", "changement"},
                                           {"impos", "impossible"},
                                           {"serv", "service"},
                                           {"synchro", "synchronisation"}};

constexpr std::size_t kLongestBrief = 8;  // bytes
// Longer texts, which no person wrote, are not made longer still, up to five times.
constexpr std::size_t kLongestText = std::size_t{256} << 10;

std::uint8_t ByteOf(char c) { return static_cast<std::uint8_t>(c); }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return IsUpper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

// Bytes of words: letters and digits of ASCII, and the two of a letter up to U+017F. Others, as
// those of ’ and «, part words.
constexpr std::array<bool, 256> kOfWord = [] {
  std::array<bool, 256> of_word{};
  for (std::size_t c = '0'; c <= '9'; ++c) of_word[c] = true;
  for (std::size_t c = 'a'; c <= 'z'; ++c) of_word[c] = of_word[c - 'a' + 'A'] = true;
  for (std::size_t c = 0x80; c < 0xC0; ++c) of_word[c] = true;
  for (const std::size_t lead : {0xC3U, 0xC4U, 0xC5U}) of_word[lead] = true;
  return of_word;
}();

// Lengths in bytes of the abbreviations that begin with a letter, as bits: most words are none.
constexpr std::array<std::uint16_t, 26> kLengths = [] {
  std::array<std::uint16_t, 26> lengths{};
  for (const Abbreviation& abbreviation : kAbbreviations) {
    auto& bits = lengths[static_cast<std::size_t>(abbreviation.brief.front() - 'a')];
    bits = static_cast<std::uint16_t>(bits | 1U << abbreviation.brief.size());
  }
  return lengths;
}();
static_assert(std::ranges::all_of(kAbbreviations, [](const Abbreviation& abbreviation) {
  return abbreviation.brief.size() >= 2 && abbreviation.brief.size() <= kLongestBrief;
}));

bool MayBeBrief(std::string_view word) {
  const char first = Lower(word.front());
  return word.size() <= kLongestBrief && IsLower(first) &&
         (kLengths[static_cast<std::size_t>(first - 'a')] >> word.size() & 1U) != 0;
}

const Abbreviation* Find(std::string_view word) {
  static const auto& table = *new absl::flat_hash_map<std::string, const Abbreviation*>([] {
    absl::flat_hash_map<std::string, const Abbreviation*> map;
    for (const Abbreviation& abbreviation : kAbbreviations) {
      map.emplace(abbreviation.brief, &abbreviation);
    }
    return map;
  }());
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(), Lower);
  // É and À, the only letters beyond ASCII in the table.
  for (std::size_t i = 1; i < lower.size(); ++i) {
    if (ByteOf(lower[i - 1]) == 0xC3 && (ByteOf(lower[i]) == 0x89 || ByteOf(lower[i]) == 0x80)) {
      lower[i] = static_cast<char>(ByteOf(lower[i]) + 0x20);
    }
  }
  const auto found = table.find(lower);
  if (found == table.end()) return nullptr;
  const bool upper = std::ranges::none_of(word, IsLower);
  const bool title = IsUpper(word.front()) && !upper;
  switch (found->second->spelling) {
    case Spelling::kAny:
      return found->second;
    case Spelling::kLower:
      return upper || title ? nullptr : found->second;
    case Spelling::kUpper:
      return upper ? found->second : nullptr;
    case Spelling::kNotTitle:
      return title ? nullptr : found->second;
  }
  return nullptr;
}

// A word stands by itself: not in an address, a path, a name with hyphens, nor before an
// apostrophe.
bool StandsAlone(std::string_view text, std::size_t begin, std::size_t end) {
  constexpr std::string_view kNotBefore = "@/\\.-_#$%&+~";
  constexpr std::string_view kNotAfter = "@/\\-_'#$%&+~";
  if (begin > 0 && kNotBefore.find(text[begin - 1]) != std::string_view::npos) return false;
  if (end == text.size()) return true;
  if (kNotAfter.find(text[end]) != std::string_view::npos) return false;
  return text[end] != '.' || end + 1 == text.size() || !kOfWord[ByteOf(text[end + 1])];
}

// Whether the point at `at` belongs to the abbreviation before it, since the sentence goes on.
bool IsPointOfBrief(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '.') return false;
  const std::size_t next = text.find_first_not_of(' ', at + 1);
  return next != std::string_view::npos && next > at + 1 &&
         (IsLower(text[next]) || IsDigit(text[next]) || text[next] == ':');
}

void AppendFull(std::string_view brief, std::string_view full, std::string& expanded) {
  const bool title = IsUpper(brief.front()) && std::ranges::any_of(brief, IsLower);
  expanded += title ? static_cast<char>(full.front() - ('a' - 'A')) : full.front();
  expanded += full.substr(1);
}

}  // namespace

bool ExpandAbbreviations(std::string& text) {
  if (text.size() > kLongestText) return false;
  std::string expanded;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!kOfWord[ByteOf(text[at])]) {
      at += ByteOf(text[at]) < 0x80 ? 1 : DecodeUtf8(text, at).length;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && kOfWord[ByteOf(text[at])]) ++at;
    const std::string_view word = std::string_view(text).substr(begin, at - begin);
    if (!MayBeBrief(word) || !StandsAlone(text, begin, at)) continue;
    const Abbreviation* const abbreviation = Find(word);
    if (abbreviation == nullptr) continue;
    expanded.append(text, copied, begin - copied);
    AppendFull(word, abbreviation->full, expanded);
    copied = IsPointOfBrief(text, at) ? at + 1 : at;
  }
  if (copied == 0) return false;
  text = expanded.append(text, copied);
  return true;
}

}  // namespace guichet
