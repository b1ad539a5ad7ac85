#include "model/cleaning/cleaning_tokenizer.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "tests/unit/cleaning/cleaning_support.h"

namespace guichet {
namespace {

using testing::HasSubstr;

std::shared_ptr<const Tokenizer> Barthez() {
  static const std::shared_ptr<const Tokenizer> tokenizer = OpenTokenizer("barthez").value();
  return tokenizer;
}

std::shared_ptr<const Tokenizer> Cleaning() {
  return WithCleaning(Barthez(), TextCleaningOptions::All()).value();
}

TEST(CleaningTokenizerTest, EncodesWhatIsClean) {
  const std::string raw = "<p>pb de mdp</p> PB_MDP svp";
  const std::string clean = Clean(raw);
  ASSERT_NE(clean, raw);
  EXPECT_EQ(Cleaning()->Encode(raw, {}).value().ids, Barthez()->Encode(clean, {}).value().ids);
  EXPECT_EQ(Cleaning()->Pieces(raw, false).value(), Barthez()->Pieces(clean, false).value());
  EXPECT_EQ(Cleaning()->EncodePair(raw, "pb", {}).value().ids,
            Barthez()->EncodePair(clean, "problème", {}).value().ids);
}

TEST(CleaningTokenizerTest, IsOtherwiseItsBase) {
  EXPECT_EQ(Cleaning()->kind(), Barthez()->kind());
  EXPECT_EQ(Cleaning()->files(), Barthez()->files());
  EXPECT_EQ(Cleaning()->vocabulary_size(), Barthez()->vocabulary_size());
  EXPECT_EQ(Cleaning()->special_ids().mask, Barthez()->special_ids().mask);
  EXPECT_EQ(Cleaning()->IdToPiece(100).value(), Barthez()->IdToPiece(100).value());
  const auto ids = Barthez()->Encode("un pb", {}).value().ids;
  EXPECT_EQ(Cleaning()->Decode(ids, {}).value(), "un pb");
}

TEST(CleaningTokenizerTest, WithoutARuleItIsItsBase) {
  EXPECT_EQ(WithCleaning(Barthez(), {}).value(), Barthez());
}

TEST(CleaningTokenizerTest, TheRawTextIsWhatIsRefused) {
  EXPECT_THAT(std::string(Cleaning()->Encode("<p>caf\xE9", {}).status().message()),
              HasSubstr("byte 6"));
  const std::size_t most = TokenizerOptions().max_text_bytes;
  std::string text = "<p>";
  while (text.size() + 4 <= most) text += "<br>";
  EXPECT_TRUE(Cleaning()->Encode(text, {}).ok());
  text.resize(most + 1, ' ');
  EXPECT_THAT(std::string(Cleaning()->Encode(text, {}).status().message()),
              HasSubstr(std::to_string(most + 1) + " bytes"));
}

// Abbreviations written out are longer than they were.
TEST(CleaningTokenizerTest, NoTextThatFitsIsMadeTooLong) {
  std::string text;
  while (text.size() + 3 <= TokenizerOptions().max_text_bytes) text += "pb ";
  EXPECT_TRUE(Cleaning()->Encode(text, {.max_length = 64}).ok());
}

TEST(CleaningTokenizerTest, RefusesAnUnknownVersion) {
  TextCleaningOptions later = TextCleaningOptions::All();
  later.version = 9;
  EXPECT_THAT(std::string(WithCleaning(Barthez(), later).status().message()),
              HasSubstr("version is 9"));
}

}  // namespace
}  // namespace guichet
