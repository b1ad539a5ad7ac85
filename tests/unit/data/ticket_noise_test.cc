#include "model/data/ticket_noise.h"

#include <string>

#include <gtest/gtest.h>

#include "model/cleaning/text_cleaner.h"
#include "model/data/text_key.h"

namespace guichet {
namespace {

TEST(TicketNoiseTest, CasesKnowAccents) {
  EXPECT_EQ(Capitalized("écran noir"), "Écran noir");
  EXPECT_EQ(Capitalized("« panne »"), "« panne »");
  EXPECT_EQ(Capitalized(""), "");
  EXPECT_EQ(UpperCase("réseau où ça"), "RÉSEAU OÙ ÇA");
  EXPECT_EQ(LowerCase("RÉSEAU"), "réseau");
}

TEST(TicketNoiseTest, AccentsAndLigaturesComeOff) {
  EXPECT_EQ(WithoutAccents("Réinitialisé où ça, œuvre « À »"), "Reinitialise ou ca, oeuvre « A »");
}

TEST(TicketNoiseTest, AbbreviatesWholeWordsOnly) {
  Random random(1);
  EXPECT_EQ(Abbreviated("le mot de passe pour moi", 1, random), "le mdp pr moi");
  EXPECT_EQ(Abbreviated("pourriez-vous commander", 1, random), "pourriez-vs commander");
  EXPECT_EQ(Abbreviated("problèmes", 1, random), "problèmes");
  EXPECT_EQ(Abbreviated("le mot de passe", 0, random), "le mot de passe");
}

TEST(TicketNoiseTest, TyposChangeLettersButNeverNumbers) {
  Random random(1);
  const std::string text = "impossible de joindre srv-fic12 depuis 8h30";
  EXPECT_EQ(WithTypos(text, 0, random), text);
  for (int i = 0; i < 50; ++i) {
    const std::string typed = WithTypos(text, 0.5, random);
    EXPECT_NE(typed, text);
    EXPECT_NE(typed.find(" srv-fic12 "), std::string::npos) << typed;
    EXPECT_TRUE(typed.ends_with(" 8h30")) << typed;
  }
}

TEST(TicketNoiseTest, MailProgramsAddMarkupAndBreakCharacters) {
  EXPECT_TRUE(AsHtmlMail("é <\nb").ends_with(
      "<p class=MsoNormal>&#233; &lt;</p>\n<p class=MsoNormal>b</p></body></html>"));
  EXPECT_EQ(AsMojibake("réglé, 5 €"), "rÃ©glÃ©, 5 â‚¬");
  Random random(1);
  EXPECT_EQ(WithInvisible("un deux trois", 0, random), "un deux trois");
  std::string seen;
  for (int i = 0; i < 20; ++i) seen += WithInvisible("un deux trois", 1, random);
  EXPECT_NE(seen.find("un\u00A0deux"), std::string::npos);
  EXPECT_NE(seen.find("u\u200Bn deu"), std::string::npos);
}

// Cleaning takes back what is added here.
TEST(TicketNoiseTest, CleaningFindsTheTextAgain) {
  const TextCleaningOptions rules = ParseTextCleaning("html,mojibake,invisible").value();
  Random random(3);
  const std::string text = "Écran noir depuis « ce matin », où ça ?\nC'est l'été & < 5 €";
  for (int i = 0; i < 20; ++i) {
    const std::string noisy = AsHtmlMail(AsMojibake(WithInvisible(text, 0.5, random)));
    EXPECT_EQ(CleanText(noisy, rules), text) << noisy;
  }
}

TEST(TextKeyTest, NormalizedTextForgetsCaseAccentsAndPunctuation) {
  EXPECT_EQ(NormalizedText("  Écran  NOIR !\n(n° 2)"), "ecran noir n 2");
  EXPECT_EQ(NormalizedText("ŒUVRE ﬁn"), "oeuvre fin");
  EXPECT_EQ(NormalizedText("?! …"), "");
  EXPECT_EQ(NormalizedText("a\xff"
                           "b"),
            "a b");
  EXPECT_NE(NormalizedText("salle 2"), NormalizedText("salle 3"));
}

TEST(TextKeyTest, KeysAreTheFirstBitsOfSha256) {
  const TextKey key = KeyOfText("abc");
  EXPECT_EQ(key.high, 0xba7816bf8f01cfeaULL);
  EXPECT_EQ(key.low, 0x414140de5dae2223ULL);
  EXPECT_NE(key, KeyOfText("abd"));
}

}  // namespace
}  // namespace guichet
