#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unicode/uchar.h>

#include "model/cleaning/cleaning_rules.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

// What stays in capitals among words that do not. Without a vowel a short word stays anyway.
constexpr std::array<std::string_view, 69> kAcronyms = {
    "AD",   "ADSL", "API",  "ASAP", "BAL",  "BIOS", "CDI",  "CNIL", "CPU", "CSE",  "DAF",  "DSI",
    "ERP",  "ETP",  "GED",  "GLPI", "GMAO", "GPO",  "GPU",  "GUI",  "IA",  "IBAN", "ID",   "IMAP",
    "IMEI", "IP",   "IPBX", "ISO",  "IT",   "JIRA", "JPEG", "KO",   "LAN", "LDAP", "MFA",  "NAS",
    "ODBC", "OK",   "OS",   "OTP",  "OTRS", "OVH",  "PIN",  "POP",  "PUK", "RAM",  "RFID", "RIB",
    "SAN",  "SAP",  "SEPA", "SIM",  "SIP",  "SIRH", "SQL",  "SSO",  "TVA", "UC",   "UEFI", "URL",
    "USB",  "UNC",  "VLAN", "VOIP", "VPN",  "WAN",  "WEB",  "WSUS", "CESI"};

constexpr std::size_t kLongestAcronym = 4;  // letters of a word taken for one for want of vowels
constexpr std::size_t kShortWord = 4;       // letters; shorter words alone are no sentence

bool IsAsciiSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsLetterOrMark(char32_t c) {
  const auto point = static_cast<UChar32>(c);
  return u_isalpha(point) != 0 || (U_GET_GC_MASK(point) & U_GC_M_MASK) != 0;
}

// A run of letters.
struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t letters = 0;
  bool has_vowel = false;
};

bool IsVowel(char32_t c) {
  constexpr std::u32string_view kVowels = U"AEIOUYÀÂÄÆÉÈÊËÎÏÔÖŒÙÛÜ";
  return kVowels.find(c) != std::u32string_view::npos ||
         kVowels.find(static_cast<char32_t>(u_toupper(static_cast<UChar32>(c)))) !=
             std::u32string_view::npos;
}

// One sentence all in capitals; offsets are those of the text.
class CapitalSentence {
 public:
  CapitalSentence(std::string_view text, std::size_t begin, std::size_t end) : text_(text) {
    for (std::size_t at = begin; at < end;) {
      while (at < end && IsAsciiSpace(text[at])) ++at;
      const std::size_t token = at;
      while (at < end && !IsAsciiSpace(text[at])) ++at;
      if (!IsIdentifier(text.substr(token, at - token))) AddWords(token, at);
    }
  }

  // Whether it is shouted, and not only acronyms and short words.
  bool IsShouted() const {
    return std::ranges::any_of(words_, [this](const Word& word) {
      return word.letters >= kShortWord && word.has_vowel && !IsAcronym(word);
    });
  }

  // Appends text from `copied` up to its last word in lower case.
  void AppendLowered(std::size_t& copied, std::string& lowered) const {
    bool first = true;
    for (const Word& word : words_) {
      lowered.append(text_, copied, word.begin - copied);
      copied = word.begin;
      if (!IsAcronym(word)) {
        AppendWord(word, first, lowered);
        copied = word.end;
      }
      first = false;
    }
  }

 private:
  // Host names, addresses, paths, references.
  static bool IsIdentifier(std::string_view token) {
    if (token.find_first_of("0123456789@/\\_") != std::string_view::npos) return true;
    const std::size_t last = token.find_last_not_of(".,;:!?");
    const std::size_t dot = token.find('.');
    return last != std::string_view::npos && dot < last;
  }

  void AddWords(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end;) {
      Word word{.begin = at, .end = at, .letters = 0, .has_vowel = false};
      while (at < end) {
        const Utf8Character character = DecodeUtf8(text_, at);
        if (!IsLetterOrMark(character.code_point)) break;
        at = word.end = at + character.length;
        ++word.letters;
        word.has_vowel = word.has_vowel || IsVowel(character.code_point);
      }
      if (word.letters > 0) {
        words_.push_back(word);
      } else {
        at += DecodeUtf8(text_, at).length;
      }
    }
  }

  bool IsAcronym(const Word& word) const {
    if (word.letters < 2) return false;
    if (!word.has_vowel && word.letters <= kLongestAcronym) return true;
    return std::ranges::find(kAcronyms, text_.substr(word.begin, word.end - word.begin)) !=
           kAcronyms.end();
  }

  void AppendWord(const Word& word, bool keeps_first, std::string& lowered) const {
    for (std::size_t at = word.begin; at < word.end;) {
      const Utf8Character character = DecodeUtf8(text_, at);
      const bool keeps = keeps_first && at == word.begin;
      const UChar32 lower = u_tolower(static_cast<UChar32>(character.code_point));
      AppendUtf8(keeps ? character.code_point : static_cast<char32_t>(lower), lowered);
      at += character.length;
    }
  }

  const std::string_view text_;
  std::vector<Word> words_;
};

// The sentence that begins at `begin` ends before a line end, or behind its mark and the space
// after it; `may_be_capitals`: it holds some and no small letter. Accented small letters do not
// count: many keyboards type "OUBLIé" with the capitals locked.
std::size_t EndOfSentence(std::string_view text, std::size_t begin, bool& may_be_capitals) {
  std::size_t capitals = 0;
  bool small = false;
  std::size_t at = begin;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c >= 'a' && c <= 'z') {
      small = true;
    } else if (c >= 'A' && c <= 'Z') {
      ++capitals;
    }
    const bool ends =
        (c == '.' || c == '!' || c == '?') && (at + 1 == text.size() || IsAsciiSpace(text[at + 1]));
    if (ends || c == '\n') break;
  }
  may_be_capitals = !small && capitals >= 3;
  return std::min(at + 1, text.size());
}

}  // namespace

bool LowerCapitals(std::string& text) {
  std::string lowered;
  std::size_t copied = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    bool may_be_capitals = false;
    const std::size_t end = EndOfSentence(text, begin, may_be_capitals);
    if (may_be_capitals) {
      const CapitalSentence sentence(text, begin, end);
      if (sentence.IsShouted()) sentence.AppendLowered(copied, lowered);
    }
    begin = end;
  }
  if (lowered.empty()) return false;
  lowered.append(text, copied);
  if (lowered == text) return false;
  text = std::move(lowered);
  return true;
}

}  // namespace guichet
