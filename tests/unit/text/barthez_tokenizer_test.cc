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

class BarthezTokenizerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    tokenizer_ = LoadTokenizer(BuiltInTokenizerFolder("barthez").value()).value().release();
  }
  static void TearDownTestSuite() {
    delete tokenizer_;
    tokenizer_ = nullptr;
  }

  static std::vector<TokenId> Ids(std::string_view text, const EncodeOptions& options = {}) {
    return tokenizer_->Encode(text, options).value().ids;
  }

  static inline const Tokenizer* tokenizer_ = nullptr;
};

TEST_F(BarthezTokenizerTest, EncodesTheSentenceOfTheNotebook) {
  const std::string text = "Je suis au campus de l'Université de Sherbrooke";
  EXPECT_THAT(tokenizer_->Pieces(text, true).value(),
              ElementsAre("▁Je", "▁suis", "▁au", "▁campus", "▁de", "▁l", "'", "Université", "▁de",
                          "▁Sherbrooke"));
  EXPECT_THAT(Ids(text), ElementsAre(0, 382, 849, 63, 17701, 10, 6, 49928, 4945, 10, 19499, 2));
  EXPECT_EQ(tokenizer_->Decode(Ids(text), {}).value(), text);
}

TEST_F(BarthezTokenizerTest, KnowsItsVocabulary) {
  EXPECT_EQ(tokenizer_->kind(), "barthez");
  EXPECT_EQ(tokenizer_->vocabulary_size(), 50002);
  EXPECT_EQ(tokenizer_->special_ids().begin, 0);
  EXPECT_EQ(tokenizer_->special_ids().padding, 1);
  EXPECT_EQ(tokenizer_->special_ids().end, 2);
  EXPECT_EQ(tokenizer_->special_ids().unknown, 3);
  EXPECT_EQ(tokenizer_->special_ids().mask, 50001);
  EXPECT_EQ(tokenizer_->IdToPiece(849).value(), "▁suis");
  EXPECT_EQ(tokenizer_->IdToPiece(50001).value(), "<mask>");
  ASSERT_EQ(tokenizer_->files().size(), 1U);
  EXPECT_EQ(tokenizer_->files()[0].filename(), "sentencepiece.bpe.model");
}

TEST_F(BarthezTokenizerTest, EncodesPairsWithTwoSeparators) {
  EXPECT_THAT(tokenizer_->EncodePair("Il pleut.", "Il fait beau.", {}).value().ids,
              ElementsAre(0, 214, 33813, 49922, 2, 2, 214, 277, 727, 49922, 2));
  EXPECT_THAT(tokenizer_->EncodePair("", "", {}).value().ids, ElementsAre(0, 2, 2, 2));
  EXPECT_THAT(tokenizer_->EncodePair("Il pleut.", "Il", {.add_special_tokens = false}).value().ids,
              ElementsAre(214, 33813, 49922, 214));
}

TEST_F(BarthezTokenizerTest, EncodesNothingToTheTwoEnds) {
  EXPECT_THAT(Ids(""), ElementsAre(0, 2));
  EXPECT_THAT(Ids("  \n "), ElementsAre(0, 2));
  EXPECT_TRUE(Ids("", {.add_special_tokens = false}).empty());
}

TEST_F(BarthezTokenizerTest, TakesAMaskFromTheTextOnlyWhenAsked) {
  const std::string text = "Paris est la <mask> de la France.";
  EXPECT_THAT(Ids(text), ElementsAre(0, 1157, 109, 28, 50001, 10, 28, 678, 49922, 2));
  const std::vector<TokenId> plain = Ids(text, {.parse_special_tokens = false});
  EXPECT_EQ(std::ranges::count(plain, 50001), 0);
  EXPECT_EQ(tokenizer_->Encode(text, {.parse_special_tokens = false}).value().unknown_tokens, 2);
}

TEST_F(BarthezTokenizerTest, NeverLetsTextForgeAnEndWhenSpecialTokensAreNotParsed) {
  const std::string hostile = "fin</s></s> <s> <pad>";
  EXPECT_EQ(std::ranges::count(Ids(hostile), 2), 3);
  const std::vector<TokenId> ids = Ids(hostile, {.parse_special_tokens = false});
  EXPECT_EQ(std::ranges::count(ids, 0), 1);
  EXPECT_EQ(std::ranges::count(ids, 1), 0);
  EXPECT_EQ(std::ranges::count(ids, 2), 1);
}

TEST_F(BarthezTokenizerTest, JoinsUnknownCharactersAndCountsThem) {
  const Encoding encoding = tokenizer_->Encode("漢字 漢 a", {.add_special_tokens = false}).value();
  EXPECT_THAT(encoding.ids, ElementsAre(49904, 3, 49904, 3, 16));
  EXPECT_EQ(encoding.unknown_tokens, 2);
  EXPECT_THAT(tokenizer_->Pieces("漢字 漢 a", true).value(),
              ElementsAre("▁", "漢字", "▁", "漢", "▁a"));
}

TEST_F(BarthezTokenizerTest, KeepsTheEndWhenTruncating) {
  const std::string text = "Je suis au campus de l'Université";
  const Encoding cut = tokenizer_->Encode(text, {.max_length = 5}).value();
  EXPECT_THAT(cut.ids, ElementsAre(0, 382, 849, 63, 2));
  EXPECT_TRUE(cut.truncated);
  EXPECT_FALSE(tokenizer_->Encode(text, {.max_length = 10}).value().truncated);
  const EncodeOptions only_second{.max_length = 9, .truncation = TruncationStrategy::kOnlySecond};
  EXPECT_THAT(tokenizer_->EncodePair("Il pleut.", "Il fait beau.", only_second).value().ids,
              ElementsAre(0, 214, 33813, 49922, 2, 2, 214, 277, 2));
}

TEST_F(BarthezTokenizerTest, CountsOnlyTheUnknownTokensThatRemain) {
  const Encoding cut = tokenizer_->Encode("a 漢 漢", {.max_length = 5}).value();
  EXPECT_THAT(cut.ids, ElementsAre(0, 16, 49904, 3, 2));
  EXPECT_EQ(cut.unknown_tokens, 1);
}

TEST_F(BarthezTokenizerTest, DecodesWithAndWithoutSpecialTokens) {
  const std::vector<TokenId> ids = {0, 1157, 109, 28, 50001, 10, 28, 678, 49922, 2};
  EXPECT_EQ(tokenizer_->Decode(ids, {}).value(), "Paris est la de la France.");
  EXPECT_EQ(tokenizer_->Decode(ids, {.skip_special_tokens = false}).value(),
            "<s> Paris est la<mask> de la France.</s>");
  EXPECT_EQ(tokenizer_->Decode({}, {}).value(), "");
}

TEST_F(BarthezTokenizerTest, KeepsFrenchSpacingUnlessCleanUpIsAskedFor) {
  const std::vector<TokenId> ids = Ids("On a gagné !");
  EXPECT_EQ(tokenizer_->Decode(ids, {}).value(), "On a gagné !");
  EXPECT_EQ(tokenizer_->Decode(ids, {.clean_up_spaces = true}).value(), "On a gagné!");
}

TEST_F(BarthezTokenizerTest, RefusesIdsOutsideTheVocabulary) {
  for (const TokenId id : {-1, 50002}) {
    const auto text = tokenizer_->Decode(std::vector<TokenId>{16, id}, {});
    EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(text.status().message()), HasSubstr("0 to 50001"));
    EXPECT_EQ(tokenizer_->IdToPiece(id).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace guichet
