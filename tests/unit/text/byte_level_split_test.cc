#include "model/text/byte_level_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ByteLevelSplitTest, JoinsOneSpaceToTheNextWord) {
  EXPECT_THAT(SplitIntoWords("Je suis 3 !?"), ElementsAre("Je", " suis", " 3", " !?"));
  EXPECT_THAT(SplitIntoWords("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(SplitIntoWords("a\nb"), ElementsAre("a", "\n", "b"));
  EXPECT_THAT(SplitIntoWords("a \u00a0b"), ElementsAre("a", " ", "\u00a0", "b"));
  EXPECT_THAT(SplitIntoWords("a\n b"), ElementsAre("a", "\n", " b"));
  EXPECT_THAT(SplitIntoWords("a  "), ElementsAre("a", "  "));
  EXPECT_THAT(SplitIntoWords(" "), ElementsAre(" "));
  EXPECT_THAT(SplitIntoWords(""), IsEmpty());
}

TEST(ByteLevelSplitTest, SplitsByUnicodeClasses) {
  EXPECT_THAT(SplitIntoWords("été2024№½x²"), ElementsAre("été", "2024", "№", "½", "x", "²"));
  EXPECT_THAT(SplitIntoWords("漢字😀!٣"), ElementsAre("漢字", "😀!", "٣"));
  EXPECT_THAT(SplitIntoWords("a\x1c"
                             "b"),
              ElementsAre("a", "\x1c", "b"));  // no white space to Unicode
}

TEST(ByteLevelSplitTest, KnowsEnglishContractionsInLowerCaseOnly) {
  EXPECT_THAT(SplitIntoWords("l'sa don't l'eau L'S"),
              ElementsAre("l", "'s", "a", " don", "'t", " l", "'", "eau", " L", "'", "S"));
  EXPECT_THAT(SplitIntoWords("we've they'll I'm he'd you're"),
              ElementsAre("we", "'ve", " they", "'ll", " I", "'m", " he", "'d", " you", "'re"));
  EXPECT_THAT(SplitIntoWords("''s"), ElementsAre("''", "s"));
  EXPECT_THAT(SplitIntoWords(" 's"), ElementsAre(" '", "s"));
}

}  // namespace
}  // namespace guichet
