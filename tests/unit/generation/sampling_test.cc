#include "model/generation/sampling.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;

std::vector<std::size_t> Kept(const GenerationOptions& options, std::vector<float> scores,
                              std::size_t least_kept = 1) {
  FilterForSampling(options, least_kept, scores);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!std::isinf(scores[i])) kept.push_back(i);
  }
  return kept;
}

// Probabilities 0.5, 0.25, 0.15, 0.1 in another order.
const std::vector<float> kScores = {std::log(0.25F), std::log(0.1F), std::log(0.5F),
                                    std::log(0.15F)};

TEST(FilterForSamplingTest, TopKKeepsTheLikeliestAndTies) {
  GenerationOptions options;
  options.top_k = 2;
  EXPECT_THAT(Kept(options, kScores), ElementsAre(0U, 2U));
  EXPECT_THAT(Kept(options, {1.0F, 0.0F, 1.0F, 1.0F}), ElementsAre(0U, 2U, 3U));
  options.top_k = 1;
  EXPECT_THAT(Kept(options, kScores, /*least_kept=*/2), ElementsAre(0U, 2U));
  options.top_k = 0;
  EXPECT_EQ(Kept(options, kScores).size(), 4U);
}

TEST(FilterForSamplingTest, TopPKeepsTheLikeliestThatMakeItUp) {
  GenerationOptions options;
  options.top_p = 0.7;
  EXPECT_THAT(Kept(options, kScores), ElementsAre(0U, 2U));
  options.top_p = 0.8;
  EXPECT_THAT(Kept(options, kScores), ElementsAre(0U, 2U, 3U));
  options.top_p = 0.01;
  EXPECT_THAT(Kept(options, kScores), ElementsAre(2U));
  EXPECT_THAT(Kept(options, kScores, /*least_kept=*/2), ElementsAre(0U, 2U));
}

TEST(FilterForSamplingTest, TemperatureComesBeforeTopP) {
  GenerationOptions options;
  options.top_p = 0.7;
  options.temperature = 100.0;  // nearly even: 0.7 needs three
  EXPECT_EQ(Kept(options, kScores).size(), 3U);
}

TEST(DrawTest, DrawsByProbabilityAndNeverWhatIsBanned) {
  std::vector<float> scores = kScores;
  scores[3] = -INFINITY;  // the others: 0.294, 0.118, 0.588
  Random random(3);
  std::vector<int> counts(4, 0);
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) ++counts[Draw(scores, random)];
  EXPECT_EQ(counts[3], 0);
  EXPECT_NEAR(counts[0], kDraws * 0.25 / 0.85, 400);
  EXPECT_NEAR(counts[1], kDraws * 0.10 / 0.85, 400);
  EXPECT_NEAR(counts[2], kDraws * 0.50 / 0.85, 400);
}

TEST(DrawTest, WithoutReplacementEachComesOnce) {
  std::vector<float> scores = kScores;
  scores[1] = -INFINITY;
  Random random(4);
  int first_is_likeliest = 0;
  for (int i = 0; i < 200; ++i) {
    const auto drawn = DrawWithoutReplacement(scores, 4, random);
    EXPECT_EQ(std::set<std::size_t>(drawn.begin(), drawn.end()), (std::set<std::size_t>{0, 2, 3}));
    first_is_likeliest += drawn.front() == 2 ? 1 : 0;
  }
  EXPECT_NEAR(first_is_likeliest, 200 * 0.5 / 0.9, 35);
}

TEST(ProbabilitiesTest, AreTheSoftmax) {
  const std::vector<float> probabilities = Probabilities(kScores);
  EXPECT_NEAR(probabilities[2], 0.5, 1e-6);
  EXPECT_NEAR(probabilities[1], 0.1, 1e-6);
}

}  // namespace
}  // namespace guichet
