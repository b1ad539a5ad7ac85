#include "model/generation/logits_processors.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;
using Tokens = std::vector<TokenId>;
constexpr float kBanned = -std::numeric_limits<float>::infinity();

std::vector<TokenId> Banned(const std::vector<float>& scores) {
  std::vector<TokenId> banned;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isinf(scores[i])) banned.push_back(static_cast<TokenId>(i));
  }
  return banned;
}

TEST(PenaliseRepetitionTest, EachTokenOnceAndTowardsLessLikely) {
  std::vector<float> scores = {1.0F, -1.0F, 4.0F, -4.0F, 0.0F};
  PenaliseRepetition(Tokens{2, 3, 2, 3, 4}, 2.0, scores);
  EXPECT_THAT(scores, ElementsAre(1.0F, -1.0F, 2.0F, -8.0F, 0.0F));
}

TEST(BanRepeatedNgramsTest, BansWhatFollowedTheLastTokensBefore) {
  std::vector<float> scores(10, 0.0F);
  BanRepeatedNgrams(Tokens{2, 5, 6, 7, 5, 6, 8, 5, 6}, 3, scores);
  EXPECT_THAT(Banned(scores), ElementsAre(7, 8));
}

TEST(BanRepeatedNgramsTest, TheStartTokenCountsAndShortRowsBanNothing) {
  std::vector<float> scores(10, 0.0F);
  BanRepeatedNgrams(Tokens{2}, 2, scores);
  EXPECT_TRUE(Banned(scores).empty());
  BanRepeatedNgrams(Tokens{2, 2}, 2, scores);
  EXPECT_THAT(Banned(scores), ElementsAre(2));
}

TEST(BanRepeatedNgramsTest, SizeOneBansEveryTokenThatStandsThere) {
  std::vector<float> scores(6, 0.0F);
  BanRepeatedNgrams(Tokens{2, 5, 5}, 1, scores);
  EXPECT_THAT(Banned(scores), ElementsAre(2, 5));
}

TEST(BanWordsTest, AWordIsBannedAtItsLastTokenAlone) {
  const std::vector<Tokens> words = {{4}, {5, 6}, {7, 8, 9}, {2}, {3, 3, 3, 3, 3}};
  std::vector<float> scores(10, 0.0F);
  BanWords(Tokens{2, 7, 5}, words, /*end=*/2, scores);
  EXPECT_THAT(Banned(scores), ElementsAre(4, 6));  // </s> alone is no word to ban
  scores.assign(10, 0.0F);
  BanWords(Tokens{2, 7, 8}, words, /*end=*/2, scores);
  EXPECT_THAT(Banned(scores), ElementsAre(4, 9));
}

TEST(ProcessScoresTest, EndsAreBannedBeforeTheLeastLengths) {
  GenerationOptions options;
  options.min_length = 3;
  const auto bans_end = [&](const Tokens& prefix) {
    std::vector<float> scores(6, 0.0F);
    ProcessScores(options, prefix, scores);
    return scores[2] == kBanned;
  };
  EXPECT_TRUE(bans_end({2, 4}));
  EXPECT_FALSE(bans_end({2, 4, 4}));
  options.min_length = 0;
  options.min_new_tokens = 3;  // the start token is not new
  EXPECT_TRUE(bans_end({2, 4, 4}));
  EXPECT_FALSE(bans_end({2, 4, 4, 4}));
}

TEST(ProcessScoresTest, ForcedTokensWinOverEverything) {
  GenerationOptions options;
  options.max_length = 4;
  options.min_length = 4;
  options.no_repeat_ngram_size = 1;
  options.forced_bos_token_id = 0;
  options.forced_eos_token_id = 2;
  std::vector<float> scores = {-3.0F, 5.0F, 1.0F, 2.0F};
  ProcessScores(options, Tokens{2}, scores);
  EXPECT_THAT(scores, ElementsAre(0.0F, kBanned, kBanned, kBanned));
  scores = {-3.0F, 5.0F, 1.0F, 2.0F};
  ProcessScores(options, Tokens{2, 0}, scores);
  EXPECT_THAT(scores, ElementsAre(kBanned, 5.0F, kBanned, 2.0F));
  ProcessScores(options, Tokens{2, 0, 3}, scores);
  EXPECT_THAT(scores, ElementsAre(kBanned, kBanned, 0.0F, kBanned));
}

}  // namespace
}  // namespace guichet
