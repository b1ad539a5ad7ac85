#include "model/data/ticket_noise.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "model/cleaning/windows1252.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr std::pair<std::string_view, std::string_view> kAbbreviations[] = {
    {"mots de passe", "mdp"},
    {"mot de passe", "mdp"},
    {"problème", "pb"},
    {"s'il vous plaît", "svp"},
    {"merci d'avance", "mci d'avance"},
    {"téléphone", "tel"},
    {"ordinateur", "ordi"},
    {"application", "appli"},
    {"imprimante", "imp"},
    {"beaucoup", "bcp"},
    {"toujours", "tjs"},
    {"message", "msg"},
    {"messages", "msgs"},
    {"depuis", "dps"},
    {"quand", "qd"},
    {"pour", "pr"},
    {"réinitialiser", "réinit"},
    {"connexion", "cnx"},
    {"numéro", "n°"},
    {"commande", "cde"},
    {"aujourd'hui", "auj"},
    {"pouvez-vous", "pvez vs"},
    {"nous", "ns"},
    {"vous", "vs"},
    {"c'est", "c"},
    {"impossible", "impos."},
    {"service", "serv."},
    {"merci", "mci"},
    {"Bonjour", "Bjr"}};

// Rows of an AZERTY keyboard; neighbours in a row get mistaken for each other.
constexpr std::string_view kKeyboardRows[] = {"azertyuiop", "qsdfghjklm", "wxcvbn"};

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

char16_t Neighbour(char16_t letter, Random& random) {
  for (const std::string_view row : kKeyboardRows) {
    const size_t at = letter < 0x80 ? row.find(static_cast<char>(letter)) : row.npos;
    if (at == row.npos) continue;
    const bool right = at == 0 || (at + 1 < row.size() && random.Chance(0.5));
    return static_cast<char16_t>(row[right ? at + 1 : at - 1]);
  }
  return letter;
}

// Whether neither side of this part of the text is a letter, accented ones included.
bool IsWholeWord(std::string_view text, size_t begin, size_t size) {
  const auto is_letter = [&](size_t at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    return byte >= 0x80 || u_isalpha(byte);
  };
  if (begin > 0 && is_letter(begin - 1)) return false;
  return begin + size >= text.size() || !is_letter(begin + size);
}

// Whether the word around this position holds a digit: a number, a reference, a host name.
bool InNumberedWord(const icu::UnicodeString& text, std::int32_t at) {
  for (const std::int32_t step : {-1, 1}) {
    for (std::int32_t i = at; i >= 0 && i < text.length() && !u_isUWhiteSpace(text[i]); i += step) {
      if (u_isdigit(text[i])) return true;
    }
  }
  return false;
}

}  // namespace

std::string Capitalized(std::string_view text) {
  icu::UnicodeString unicode = FromUtf8(text);
  if (unicode.isEmpty()) return {};
  icu::UnicodeString first(unicode, 0, unicode.getChar32Limit(1));
  first.toUpper(icu::Locale::getFrench());
  return ToUtf8(first + icu::UnicodeString(unicode, unicode.getChar32Limit(1)));
}

std::string UpperCase(std::string_view text) {
  return ToUtf8(FromUtf8(text).toUpper(icu::Locale::getFrench()));
}

std::string LowerCase(std::string_view text) {
  return ToUtf8(FromUtf8(text).toLower(icu::Locale::getFrench()));
}

std::string WithoutAccents(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  const icu::UnicodeString decomposed = nfd->normalize(FromUtf8(text), status);
  if (U_FAILURE(status)) return std::string(text);
  icu::UnicodeString plain;
  for (std::int32_t i = 0; i < decomposed.length(); ++i) {
    const char16_t unit = decomposed[i];
    if (u_charType(unit) == U_NON_SPACING_MARK) continue;
    if (unit == u'œ') {
      plain.append(u"oe", 2);
    } else {
      plain.append(unit);
    }
  }
  return ToUtf8(plain);
}

std::string Abbreviated(std::string_view text, double probability, Random& random) {
  std::string result(text);
  for (const auto& [full, brief] : kAbbreviations) {
    for (size_t at = result.find(full); at != std::string::npos; at = result.find(full, at)) {
      if (IsWholeWord(result, at, full.size()) && random.Chance(probability)) {
        result.replace(at, full.size(), brief);
        at += brief.size();
      } else {
        at += full.size();
      }
    }
  }
  return result;
}

std::string WithTypos(std::string_view text, double probability, Random& random) {
  const icu::UnicodeString source = FromUtf8(text);
  icu::UnicodeString result;
  for (std::int32_t i = 0; i < source.length(); ++i) {
    const char16_t letter = source[i];
    if (!u_isalpha(letter) || !random.Chance(probability) || InNumberedWord(source, i)) {
      result.append(letter);
      continue;
    }
    switch (random.Below(4)) {
      case 0:  // dropped
        break;
      case 1:
        result.append(letter).append(letter);
        break;
      case 2:
        if (i + 1 < source.length() && u_isalpha(source[i + 1])) {
          result.append(source[i + 1]).append(letter);
          ++i;
        } else {
          result.append(letter);
        }
        break;
      default:
        result.append(Neighbour(letter, random));
    }
  }
  return ToUtf8(result);
}

std::string AsHtmlMail(std::string_view body) {
  std::string html =
      "<html><head><style>p.MsoNormal {margin:0cm; font-size:11.0pt;}</style></head><body>"
      "<p class=MsoNormal>";
  for (std::size_t at = 0; at < body.size();) {
    const Utf8Character character = DecodeUtf8(body, at);
    at += character.length;
    switch (character.code_point) {
      case '\n':
        html += "</p>\n<p class=MsoNormal>";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      default:
        html += character.code_point < 0x80
                    ? std::string(1, static_cast<char>(character.code_point))
                    : fmt::format("&#{};", static_cast<std::uint32_t>(character.code_point));
    }
  }
  return html + "</p></body></html>";
}

std::string AsMojibake(std::string_view text) {
  std::string broken;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool high = byte >= 0x80 && byte < 0xA0;
    AppendUtf8(high ? kWindows1252[byte - 0x80U] : char32_t{byte}, broken);
  }
  return broken;
}

std::string WithInvisible(std::string_view text, double probability, Random& random) {
  std::string result;
  for (const char c : text) {
    if (c != ' ' || !random.Chance(probability)) {
      result += c;
    } else if (random.Chance(0.5) || result.empty()) {
      result += "\u00A0";
    } else {
      // Before the last letter of the word, if that is one byte.
      const bool plain = (static_cast<std::uint8_t>(result.back()) & 0x80U) == 0;
      result.insert(result.size() - (plain ? 1 : 0), "\u200B");
      result += ' ';
    }
  }
  return result;
}

}  // namespace guichet
