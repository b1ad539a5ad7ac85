#include "model/data/text_key.h"

#include <charconv>
#include <cstdint>

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "base/sha256.h"

namespace guichet {

std::string NormalizedText(std::string_view text) {
  icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  unicode.toLower(icu::Locale::getRoot());
  UErrorCode status = U_ZERO_ERROR;
  // Compatibility forms too: "ﬁ" is "fi", a wide digit is a digit.
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(status);
  if (U_SUCCESS(status)) unicode = nfkd->normalize(unicode, status);
  icu::UnicodeString normal;
  bool space = false;
  for (std::int32_t i = 0; i < unicode.length(); i = unicode.moveIndex32(i, 1)) {
    const UChar32 c = unicode.char32At(i);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    if (!u_isalnum(c)) {
      space = !normal.isEmpty();
      continue;
    }
    if (space) normal.append(u' ');
    space = false;
    if (c == U'œ') {
      normal.append(u"oe", 2);
    } else {
      normal.append(c);
    }
  }
  std::string utf8;
  normal.toUTF8String(utf8);
  return utf8;
}

TextKey KeyOfText(std::string_view text) {
  const std::string digest = Sha256Hex(text);
  TextKey key;
  std::from_chars(digest.data(), digest.data() + 16, key.high, 16);
  std::from_chars(digest.data() + 16, digest.data() + 32, key.low, 16);
  return key;
}

}  // namespace guichet
