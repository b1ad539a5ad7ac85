#include "model/generation/beam_search.h"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Searches small enough to be worked out by hand. Tokens: 2 starts and ends, the others are words.

namespace guichet {
namespace {

using testing::ElementsAre;
using Tokens = std::vector<TokenId>;

constexpr std::size_t kVocabulary = 200;
constexpr float kUnlikely = -50.0F;

// Scores of what follows a row: these, and for every other token next to nothing.
std::vector<float> Scores(const std::map<TokenId, float>& likely) {
  std::vector<float> scores(kVocabulary, kUnlikely);
  for (const auto& [token, score] : likely) scores[static_cast<std::size_t>(token)] = score;
  return scores;
}

GenerationOptions TwoBeams() {
  GenerationOptions options;
  options.num_beams = 2;
  options.num_return_sequences = 2;
  options.max_length = 6;
  return options;
}

void Advance(BeamSearch& search, const std::vector<std::vector<float>>& rows) {
  Random unused(0);
  const std::vector<std::span<const float>> views(rows.begin(), rows.end());
  search.Advance(views, unused);
}

TEST(BeamSearchTest, TheFirstStepContinuesOneBeamOnly) {
  const GenerationOptions options = TwoBeams();
  BeamSearch search(options);
  EXPECT_THAT(search.running(), ElementsAre(Tokens{2}, Tokens{2}));
  const auto scores = Scores({{5, -1.0F}, {6, -2.0F}, {7, -3.0F}});
  Advance(search, {scores, scores});
  EXPECT_THAT(search.running(), ElementsAre(Tokens{2, 5}, Tokens{2, 6}));
  EXPECT_THAT(search.sources(), ElementsAre(0U, 0U));
  EXPECT_FALSE(search.done());
}

TEST(BeamSearchTest, ABetterBeamTakesTheOthersPlace) {
  const GenerationOptions options = TwoBeams();
  BeamSearch search(options);
  const auto first = Scores({{5, -1.0F}, {6, -2.0F}});
  Advance(search, {first, first});
  Advance(search, {Scores({{7, -5.0F}}), Scores({{8, -0.1F}, {9, -0.2F}})});
  EXPECT_THAT(search.running(), ElementsAre(Tokens{2, 6, 8}, Tokens{2, 6, 9}));
  EXPECT_THAT(search.sources(), ElementsAre(1U, 1U));
}

TEST(BeamSearchTest, FinishedRowsScoreByTheirLength) {
  GenerationOptions options = TwoBeams();
  options.early_stopping = EarlyStopping::kTrue;
  options.length_penalty = 2.0;
  BeamSearch search(options);
  const auto first = Scores({{5, -1.0F}, {6, -1.5F}});
  Advance(search, {first, first});
  Advance(search, {Scores({{2, -0.5F}, {7, -3.0F}}), Scores({{2, -0.5F}, {8, -3.0F}})});
  EXPECT_TRUE(search.done());  // two beams, two results
  const auto result = search.Result();
  ASSERT_EQ(result.size(), 2U);
  EXPECT_EQ(result[0].ids, (Tokens{2, 5, 2}));
  EXPECT_NEAR(result[0].score, -1.5 / 4, 1e-6);  // two tokens, </s> one of them
  EXPECT_EQ(result[1].ids, (Tokens{2, 6, 2}));
  EXPECT_NEAR(result[1].score, -2.0 / 4, 1e-6);
}

TEST(BeamSearchTest, AnEndOutsideTheBestCandidatesDoesNotCount) {
  const GenerationOptions options = TwoBeams();
  BeamSearch search(options);
  const auto scores = Scores({{5, -1.0F}, {6, -1.1F}, {2, -1.2F}, {7, -1.3F}});
  Advance(search, {scores, scores});
  EXPECT_THAT(search.running(), ElementsAre(Tokens{2, 5}, Tokens{2, 6}));
  // The end of rank three is no result: both later ones are.
  Advance(search, {Scores({{2, -3.0F}}), Scores({{2, -3.0F}})});
  for (const auto& one : search.Result()) EXPECT_EQ(one.ids.size(), 3U);
}

// Finished at -1 for one token; the best running row stands at -1.2 after two.
bool StopsWithARunningRowBehind(EarlyStopping early_stopping, double length_penalty) {
  GenerationOptions options = TwoBeams();
  options.early_stopping = early_stopping;
  options.length_penalty = length_penalty;
  BeamSearch search(options);
  const auto first = Scores({{2, -1.0F}, {5, -1.1F}, {6, -9.0F}});
  Advance(search, {first, first});
  Advance(search, {Scores({{2, -0.05F}, {7, -2.5F}}), Scores({{8, -2.0F}})});
  return search.done();
}

TEST(BeamSearchTest, EarlyStoppingDecidesWhetherARunningRowMayStillWin) {
  EXPECT_TRUE(StopsWithARunningRowBehind(EarlyStopping::kTrue, 1.0));
  // Running -3.6 after two tokens: -1.8, behind both results.
  EXPECT_TRUE(StopsWithARunningRowBehind(EarlyStopping::kFalse, 1.0));
  // At full length it would be -3.6 / 5, ahead of -1.
  EXPECT_FALSE(StopsWithARunningRowBehind(EarlyStopping::kNever, 1.0));
  // Without a length penalty no row gains by growing.
  EXPECT_TRUE(StopsWithARunningRowBehind(EarlyStopping::kNever, 0.0));
}

TEST(BeamSearchTest, AtMaxLengthEveryRowEnds) {
  GenerationOptions options = TwoBeams();
  options.max_length = 3;
  BeamSearch search(options);
  const auto first = Scores({{5, -1.0F}, {6, -2.0F}});
  Advance(search, {first, first});
  Advance(search, {Scores({{7, -1.0F}}), Scores({{8, -3.0F}})});
  EXPECT_TRUE(search.done());
  const auto result = search.Result();
  EXPECT_EQ(result[0].ids, (Tokens{2, 5, 7}));
  EXPECT_NEAR(result[0].score, -1.0, 1e-6);
  EXPECT_EQ(result[1].ids, (Tokens{2, 6, 8}));
}

TEST(BeamSearchTest, SampledBeamsAreDrawnAndRepeatable) {
  GenerationOptions options = TwoBeams();
  options.do_sample = true;
  const auto scores = Scores({{5, -1.0F}, {6, -1.0F}, {7, -1.0F}, {8, -1.0F}, {9, -1.0F}});
  const std::vector<std::span<const float>> rows = {scores, scores};
  std::map<Tokens, int> seen;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    BeamSearch search(options);
    BeamSearch again(options);
    Random random(seed);
    Random same(seed);
    search.Advance(rows, random);
    again.Advance(rows, same);
    EXPECT_EQ(search.running(), again.running());
    EXPECT_NE(search.running()[0], search.running()[1]);  // drawn without replacement
    ++seen[search.running()[0]];
  }
  EXPECT_GE(seen.size(), 4U);
}

TEST(BeamSearchTest, WhereOneTokenIsForcedTheSearchGoesOn) {
  const GenerationOptions options = TwoBeams();
  BeamSearch search(options);
  std::vector<float> forced(kVocabulary, -std::numeric_limits<float>::infinity());
  forced[5] = 0.0F;
  Advance(search, {forced, forced});
  EXPECT_EQ(search.running()[0], (Tokens{2, 5}));
  EXPECT_FALSE(search.done());
  // The second beam only stands in: the first one's second choice comes before it.
  Advance(search, {Scores({{6, -1.0F}, {7, -2.0F}}), Scores({{8, -0.1F}})});
  EXPECT_THAT(search.running(), ElementsAre(Tokens{2, 5, 6}, Tokens{2, 5, 7}));
}

}  // namespace
}  // namespace guichet
