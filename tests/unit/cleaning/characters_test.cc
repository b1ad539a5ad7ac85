#include <string>

#include <gtest/gtest.h>

#include "model/text/utf8.h"
#include "tests/unit/cleaning/cleaning_support.h"

namespace guichet {
namespace {

constexpr CleaningCase kBroken[] = {
    {"rÃ©initialisÃ©", "réinitialisé"},
    {"Ã\u00A0 l'Ã©tage", "à l'étage"},
    {"Ã‰cran cassÃ©, Ã§a coÃ»te 100 â‚¬", "Écran cassé, ça coûte 100 €"},
    {"lâ€™imprimante Â« A4 Â» â€¦", "l’imprimante « A4 » …"},
    {"cÅ“ur", "cœur"},
    {"ðŸ˜€", "😀"},
    {"rÃƒÂ©seau", "réseau"},  // twice
    {"nÂ°\u00A042", "n°\u00A042"}};

constexpr const char* kRight[] = {
    "réinitialisé à l'été, cœur, Noël, où ça",
    "« café\u00A0»",  // read as Windows-1252 the end would be one Chinese character
    "SÃO PAULO",
    "Âge, île, Être",
    "été",
    "Ã",
    "Â",
    "â",
    "À\u00A0» É",
    "Ä Ö Ü Å Ø",
    "naïve – déjà …"};

TEST(MojibakeCleaningTest, Utf8ReadAsWindows1252IsReadAgain) {
  for (const auto& [text, clean] : kBroken) EXPECT_EQ(Clean(text, "mojibake"), clean) << text;
}

TEST(MojibakeCleaningTest, RightTextStays) {
  for (const char* text : kRight) EXPECT_EQ(Clean(text, "mojibake"), text);
}

// Every accented letter of French, broken once and twice.
TEST(MojibakeCleaningTest, ComesBackFromEveryLetterOfFrench) {
  const auto broken = [](std::string_view text) {
    constexpr std::u32string_view kUpper =
        U"€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";
    std::string result;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      AppendUtf8(byte >= 0x80 && byte < 0xA0 ? kUpper[byte - 0x80] : char32_t{byte}, result);
    }
    return result;
  };
  const std::string text = "àâäæçéèêëîïôöœùûüÿ ÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸ «»’“”–—…€°№";
  EXPECT_EQ(Clean(broken(text), "mojibake"), text);
  EXPECT_EQ(Clean(broken(broken(text)), "mojibake"), text);
}

constexpr CleaningCase kInvisible[] = {{"mot\u200B de\u200D passe\uFEFF", "mot de passe"},
                                       {"prix\u00A0: 5\u202F000", "prix : 5 000"},
                                       {"im\u00ADpri\u00ADmante", "imprimante"},
                                       {"a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"},
                                       {"a\x01\x1F\x7F"
                                        "b\tc",
                                        "ab\tc"},
                                       {"\u202Etxt\u202C", "txt"},
                                       {"☎️", "☎"},
                                       {"été\u3000déjà", "été déjà"}};

TEST(InvisibleCleaningTest, InvisibleCharactersGoAndSpacesAreOneKind) {
  for (const auto& [text, clean] : kInvisible) EXPECT_EQ(Clean(text, "invisible"), clean) << text;
  EXPECT_EQ(Clean(std::string_view("a\0b", 3), "invisible"), "ab");
}

TEST(InvisibleCleaningTest, WhatCanBeSeenStays) {
  for (const char* text : {"Été à l'île, « où ça ? » – 12 €\n\tfin", "漢字 مرحبا Привет", "😀 ⚠"}) {
    EXPECT_EQ(Clean(text, "invisible"), text);
  }
}

TEST(UnderscoreCleaningTest, BecomesASpace) {
  EXPECT_EQ(Clean("courriers_factures et __init__", "underscores"),
            "courriers factures et   init  ");
  EXPECT_EQ(Clean("sans tiret bas", "underscores"), "sans tiret bas");
}

}  // namespace
}  // namespace guichet
