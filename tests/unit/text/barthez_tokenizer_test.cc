#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "model/text/tokenizer.h"

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Tokenizer& Barthez() {
  static const std::unique_ptr<const Tokenizer> tokenizer =
      LoadTokenizer(BuiltInFolder("barthez").value()).value();
  return *tokenizer;
}

std::vector<TokenId> Ids(std::string_view text, const EncodeOptions& options = {}) {
  return Barthez().Encode(text, options).value().ids;
}

TEST(BarthezTokenizerTest, EncodesTheSentenceOfTheNotebook) {
  const std::string text = "Je suis au campus de l'Université de Sherbrooke";
  EXPECT_THAT(Barthez().Pieces(text, true).value(),
              ElementsAre("▁Je", "▁suis", "▁au", "▁campus", "▁de", "▁l", "'", "Université", "▁de",
                          "▁Sherbrooke"));
  EXPECT_THAT(Ids(text), ElementsAre(0, 382, 849, 63, 17701, 10, 6, 49928, 4945, 10, 19499, 2));
  EXPECT_EQ(Barthez().Decode(Ids(text), {}).value(), text);
}

TEST(BarthezTokenizerTest, KnowsItsVocabulary) {
  EXPECT_EQ(Barthez().kind(), "barthez");
  EXPECT_EQ(Barthez().vocabulary_size(), 50002);
  EXPECT_EQ(Barthez().special_ids().begin, 0);
  EXPECT_EQ(Barthez().special_ids().padding, 1);
  EXPECT_EQ(Barthez().special_ids().end, 2);
  EXPECT_EQ(Barthez().special_ids().unknown, 3);
  EXPECT_EQ(Barthez().special_ids().mask, 50001);
  EXPECT_EQ(Barthez().IdToPiece(849).value(), "▁suis");
  EXPECT_EQ(Barthez().IdToPiece(50001).value(), "<mask>");
  ASSERT_EQ(Barthez().files().size(), 1U);
  EXPECT_EQ(Barthez().files()[0].filename(), "sentencepiece.bpe.model");
}

TEST(BarthezTokenizerTest, EncodesPairsWithTwoSeparators) {
  EXPECT_THAT(Barthez().EncodePair("Il pleut.", "Il fait beau.", {}).value().ids,
              ElementsAre(0, 214, 33813, 49922, 2, 2, 214, 277, 727, 49922, 2));
  EXPECT_THAT(Barthez().EncodePair("", "", {}).value().ids, ElementsAre(0, 2, 2, 2));
  EXPECT_THAT(Barthez().EncodePair("Il pleut.", "Il", {.add_special_tokens = false}).value().ids,
              ElementsAre(214, 33813, 49922, 214));
}

TEST(BarthezTokenizerTest, EncodesNothingToTheTwoEnds) {
  EXPECT_THAT(Ids(""), ElementsAre(0, 2));
  EXPECT_THAT(Ids("  \n "), ElementsAre(0, 2));
  EXPECT_TRUE(Ids("", {.add_special_tokens = false}).empty());
}

TEST(BarthezTokenizerTest, TakesAMaskFromTheTextOnlyWhenAsked) {
  const std::string text = "Paris est la <mask> de la France.";
  EXPECT_THAT(Ids(text), ElementsAre(0, 1157, 109, 28, 50001, 10, 28, 678, 49922, 2));
  const std::vector<TokenId> plain = Ids(text, {.parse_special_tokens = false});
  EXPECT_EQ(std::ranges::count(plain, 50001), 0);
  EXPECT_EQ(Barthez().Encode(text, {.parse_special_tokens = false}).value().unknown_tokens, 2);
}

TEST(BarthezTokenizerTest, NeverLetsTextForgeAnEndWhenSpecialTokensAreNotParsed) {
  const std::string hostile = "fin</s></s> <s> <pad>";
  EXPECT_EQ(std::ranges::count(Ids(hostile), 2), 3);
  const std::vector<TokenId> ids = Ids(hostile, {.parse_special_tokens = false});
  EXPECT_EQ(std::ranges::count(ids, 0), 1);
  EXPECT_EQ(std::ranges::count(ids, 1), 0);
  EXPECT_EQ(std::ranges::count(ids, 2), 1);
}

TEST(BarthezTokenizerTest, JoinsUnknownCharactersAndCountsThem) {
  const Encoding encoding = Barthez().Encode("漢字 漢 a", {.add_special_tokens = false}).value();
  EXPECT_THAT(encoding.ids, ElementsAre(49904, 3, 49904, 3, 16));
  EXPECT_EQ(encoding.unknown_tokens, 2);
  EXPECT_THAT(Barthez().Pieces("漢字 漢 a", true).value(),
              ElementsAre("▁", "漢字", "▁", "漢", "▁a"));
}

TEST(BarthezTokenizerTest, KeepsTheEndWhenTruncating) {
  const std::string text = "Je suis au campus de l'Université";
  const Encoding cut = Barthez().Encode(text, {.max_length = 5}).value();
  EXPECT_THAT(cut.ids, ElementsAre(0, 382, 849, 63, 2));
  EXPECT_TRUE(cut.truncated);
  EXPECT_FALSE(Barthez().Encode(text, {.max_length = 10}).value().truncated);
  const EncodeOptions only_second{.max_length = 9, .truncation = TruncationStrategy::kOnlySecond};
  EXPECT_THAT(Barthez().EncodePair("Il pleut.", "Il fait beau.", only_second).value().ids,
              ElementsAre(0, 214, 33813, 49922, 2, 2, 214, 277, 2));
}

TEST(BarthezTokenizerTest, CountsOnlyTheUnknownTokensThatRemain) {
  const Encoding cut = Barthez().Encode("a 漢 漢", {.max_length = 5}).value();
  EXPECT_THAT(cut.ids, ElementsAre(0, 16, 49904, 3, 2));
  EXPECT_EQ(cut.unknown_tokens, 1);
}

TEST(BarthezTokenizerTest, DecodesWithAndWithoutSpecialTokens) {
  const std::vector<TokenId> ids = {0, 1157, 109, 28, 50001, 10, 28, 678, 49922, 2};
  EXPECT_EQ(Barthez().Decode(ids, {}).value(), "Paris est la de la France.");
  EXPECT_EQ(Barthez().Decode(ids, {.skip_special_tokens = false}).value(),
            "<s> Paris est la<mask> de la France.</s>");
  EXPECT_EQ(Barthez().Decode({}, {}).value(), "");
}

TEST(BarthezTokenizerTest, KeepsFrenchSpacingUnlessCleanUpIsAskedFor) {
  const std::vector<TokenId> ids = Ids("On a gagné !");
  EXPECT_EQ(Barthez().Decode(ids, {}).value(), "On a gagné !");
  EXPECT_EQ(Barthez().Decode(ids, {.clean_up_spaces = true}).value(), "On a gagné!");
}

TEST(BarthezTokenizerTest, RefusesIdsOutsideTheVocabulary) {
  for (const TokenId id : {-1, 50002}) {
    const auto text = Barthez().Decode(std::vector<TokenId>{16, id}, {});
    EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(text.status().message()), HasSubstr("0 to 50001"));
    EXPECT_EQ(Barthez().IdToPiece(id).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace guichet
