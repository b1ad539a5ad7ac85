#include "model/text/special_tokens.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::HasSubstr;

constexpr SpecialTokenIds kIds{.begin = 0, .padding = 1, .end = 2, .unknown = 3, .mask = 9};

// The segments as "text" or "#id", joined by "|".
std::string Split(std::string_view text) {
  std::string result;
  for (const TextSegment& segment : SplitAtSpecialTokens(text, kIds)) {
    if (!result.empty()) result += '|';
    result +=
        segment.id.has_value() ? "#" + std::to_string(*segment.id) : std::string(segment.text);
  }
  return result;
}

TEST(SpecialTokensTest, SplitsAtTheFiveNames) {
  EXPECT_EQ(Split("a<s>b</s>c<pad>d<unk>e<mask>f"), "a|#0|b|#2|c|#1|d|#3|e|#9|f");
  EXPECT_EQ(Split("<s></s>"), "#0|#2");
  EXPECT_EQ(Split("<<mask>>"), "<|#9|>");
  EXPECT_EQ(Split("<MASK> < s > <s"), "<MASK> < s > <s");
  EXPECT_EQ(Split(""), "");
}

TEST(SpecialTokensTest, DropsWhiteSpaceBeforeAMaskOnly) {
  EXPECT_EQ(Split("a \u00a0\x1c<mask> b"), "a|#9| b");
  EXPECT_EQ(Split(" <mask>"), "#9");
  EXPECT_EQ(Split("a </s> b"), "a |#2| b");
}

// "first+second" kept, or the error's code.
std::string Plan(std::size_t first, std::optional<std::size_t> second, int max_length,
                 TruncationStrategy strategy = TruncationStrategy::kLongestFirst) {
  const auto kept =
      PlanTruncation(first, second, {.max_length = max_length, .truncation = strategy});
  if (!kept.ok()) return absl::StatusCodeToString(kept.status().code());
  return std::to_string(kept->first) + "+" + std::to_string(kept->second);
}

TEST(SpecialTokensTest, TruncatesASingleTextFromItsEnd) {
  EXPECT_EQ(Plan(5, std::nullopt, 7), "5+0");
  EXPECT_EQ(Plan(5, std::nullopt, 6), "4+0");
  EXPECT_EQ(Plan(5, std::nullopt, 3), "1+0");
  EXPECT_EQ(Plan(5, std::nullopt, 2), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan(0, std::nullopt, 2), "0+0");
}

TEST(SpecialTokensTest, TruncatesTheLongerOfAPairFirst) {
  EXPECT_EQ(Plan(5, 5, 11), "4+3");  // the slow tokenizer's rule; the fast one's is 3+4
  EXPECT_EQ(Plan(7, 5, 14), "5+5");
  EXPECT_EQ(Plan(7, 5, 13), "5+4");
  EXPECT_EQ(Plan(5, 7, 13), "5+4");
  EXPECT_EQ(Plan(5, 7, 12), "4+4");
  EXPECT_EQ(Plan(5, 7, 4), "0+0");
  EXPECT_EQ(Plan(5, 7, 3), "INVALID_ARGUMENT");
}

// The rule as it was written first: drop one at a time from the longer, else from the second.
TEST(SpecialTokensTest, TheClosedFormDropsOneAtATime) {
  for (std::size_t a = 0; a < 9; ++a) {
    for (std::size_t b = 0; b < 9; ++b) {
      for (std::size_t limit = 4; limit < 24; ++limit) {
        std::size_t first = a;
        std::size_t second = b;
        while (first + second + 4 > limit) --(first > second ? first : second);
        EXPECT_EQ(Plan(a, b, static_cast<int>(limit)),
                  std::to_string(first) + "+" + std::to_string(second))
            << a << " " << b << " " << limit;
      }
    }
  }
}

TEST(SpecialTokensTest, TruncatesOnlyTheChosenOne) {
  EXPECT_EQ(Plan(5, 7, 12, TruncationStrategy::kOnlyFirst), "1+7");
  EXPECT_EQ(Plan(5, 7, 11, TruncationStrategy::kOnlyFirst), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan(5, 7, 10, TruncationStrategy::kOnlySecond), "5+1");
  EXPECT_EQ(Plan(5, 7, 9, TruncationStrategy::kOnlySecond), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan(5, std::nullopt, 4, TruncationStrategy::kOnlySecond), "INVALID_ARGUMENT");
}

TEST(SpecialTokensTest, CountsSpecialTokensOnlyWhenAdded) {
  const EncodeOptions bare{.add_special_tokens = false, .max_length = 3};
  EXPECT_EQ(PlanTruncation(3, std::nullopt, bare).value().first, 3U);
  EXPECT_EQ(PlanTruncation(2, 2, bare).value().second, 1U);
}

TEST(SpecialTokensTest, TruncationErrorsNameTheBoundAndTheRemedy) {
  const std::string message(
      PlanTruncation(5, 7, {.max_length = 9, .truncation = TruncationStrategy::kOnlySecond})
          .status()
          .message());
  EXPECT_THAT(message, HasSubstr("max_length 9"));
  EXPECT_THAT(message, HasSubstr("the second text has only 7"));
  EXPECT_EQ(Plan(1, std::nullopt, 0), "INVALID_ARGUMENT");
  EXPECT_EQ(Plan(1, std::nullopt, -5), "INVALID_ARGUMENT");
}

TEST(SpecialTokensTest, JoinsStretchesAroundSpecialTokens) {
  const auto decode = [](std::span<const TokenId> run) {
    std::string text;
    for (const TokenId id : run) text += static_cast<char>('a' + id - 10);
    return text;
  };
  const auto join = [&](const std::vector<TokenId>& ids) {
    return JoinAroundSpecialTokens(ids, kIds, decode);
  };
  EXPECT_EQ(join({0, 10, 11, 2}), "<s> ab</s>");
  EXPECT_EQ(join({2, 0, 10, 9, 11, 2, 1, 1}), "</s><s> a<mask> b</s><pad><pad>");
  EXPECT_EQ(join({10, 3, 3, 11}), "a<unk><unk>b");
  EXPECT_EQ(join({}), "");
}

TEST(SpecialTokensTest, CleansUpAsTransformersDoes) {
  EXPECT_EQ(CleanUpSpaces("a . b , c ! d ? e"), "a. b, c! d? e");
  EXPECT_EQ(CleanUpSpaces("do n't I 'm it 's we 've you 're l ' eau"),
            "don't I'm it's we've you're l'eau");
  EXPECT_EQ(CleanUpSpaces("  .  ,"), " . ,");
  EXPECT_EQ(CleanUpSpaces(""), "");
}

}  // namespace
}  // namespace guichet
