#include "model/pretraining/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SentencesTest, EndAtFullStopsQuestionsAndCries) {
  EXPECT_THAT(SplitSentences("Le VPN est coupé. Que faire ? Redémarrez !  Voilà… Merci"),
              ElementsAre("Le VPN est coupé.", "Que faire ?", "Redémarrez !", "Voilà…", "Merci"));
}

TEST(SentencesTest, ClosingMarksBelongToTheSentence) {
  EXPECT_THAT(SplitSentences("Il dit « non. » Puis il part (enfin !). Étrange..."),
              ElementsAre("Il dit « non. »", "Puis il part (enfin !).", "Étrange..."));
  EXPECT_THAT(SplitSentences("Il dit «non.» Puis il part."),
              ElementsAre("Il dit «non.»", "Puis il part."));
}

TEST(SentencesTest, NumbersNamesAndShortFormsAreNoEnds) {
  EXPECT_THAT(SplitSentences("La version 2.100 de M. Guyot et J. Dupont, cf. Annexe. Fin."),
              ElementsAre("La version 2.100 de M. Guyot et J. Dupont, cf. Annexe.", "Fin."));
  EXPECT_THAT(SplitSentences("Ouvrez config.yaml. puis etc. et la suite."),
              ElementsAre("Ouvrez config.yaml. puis etc. et la suite."));
}

TEST(SentencesTest, BlankTextHasNone) {
  EXPECT_THAT(SplitSentences(""), IsEmpty());
  EXPECT_THAT(SplitSentences(" \t\xC2\xA0 "), IsEmpty());
}

TEST(SentencesTest, NothingButWhiteSpaceBetweenSentencesIsLost) {
  const std::string_view text = " Un. Deux !\xC2\xA0Trois ? « Quatre. » Cinq... Six";
  std::string kept;
  for (const std::string_view sentence : SplitSentences(text)) kept += sentence;
  std::string expected(text);
  for (const std::string_view space : {" ", "\xC2\xA0"}) {
    for (std::size_t at = 0; (at = expected.find(space)) != std::string::npos;) {
      expected.erase(at, space.size());
    }
    for (std::size_t at = 0; (at = kept.find(space)) != std::string::npos;) {
      kept.erase(at, space.size());
    }
  }
  EXPECT_EQ(kept, expected);
}

}  // namespace
}  // namespace guichet
