#include "model/generation/score_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "model/generation/top_candidates.h"

namespace guichet {
namespace {

std::vector<float> RandomScores(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> scores;
  for (std::size_t i = 0; i < count; ++i) {
    scores.push_back(static_cast<float>(20.0 * random.Uniform() - 10.0));
  }
  return scores;
}

TEST(LogSoftmaxTest, EqualsDoublesAtEveryLength) {
  for (const std::size_t count : {1U, 7U, 8U, 9U, 300U, 50'002U}) {
    std::vector<float> scores = RandomScores(count, count);
    double sum = 0.0;
    for (const float score : scores) sum += std::exp(static_cast<double>(score));
    EXPECT_NEAR(LogSumExp(scores), std::log(sum), 2e-5) << count;
    const std::vector<float> before = scores;
    LogSoftmax(scores);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_NEAR(scores[i], before[i] - std::log(sum), 2e-5) << count;
    }
  }
}

TEST(LogSoftmaxTest, LargeLogitsDoNotOverflow) {
  std::vector<float> scores = {1000.0F, 999.0F, -1000.0F};
  LogSoftmax(scores);
  EXPECT_NEAR(scores[0], -0.3132617F, 1e-5);
  EXPECT_NEAR(scores[1], -1.3132617F, 1e-5);
  EXPECT_NEAR(scores[2], -2000.3132617F, 1e-3);
}

TEST(FindAboveTest, FindsTheFirstFromAPlaceOn) {
  std::vector<float> scores(1000, 0.0F);
  scores[300] = 2.0F;
  scores[900] = 1.0F;
  EXPECT_EQ(FindAbove(scores, 0, 0.0F, 0.5F), 300U);
  EXPECT_EQ(FindAbove(scores, 301, 0.0F, 0.5F), 900U);
  EXPECT_EQ(FindAbove(scores, 301, -0.5F, 0.5F), 1000U);  // not above
  EXPECT_EQ(FindAbove(scores, 5, 1.0F, 0.5F), 5U);
}

TEST(TopCandidatesTest, TheLargestOfAStreamInFallingOrder) {
  const std::vector<float> scores = RandomScores(3000, 5);
  TopCandidates top(7);
  top.Add(std::span(scores).first(1000), 0.0F);
  top.Add(std::span(scores).subspan(1000), -0.25F);
  std::vector<float> all = scores;
  for (std::size_t i = 1000; i < all.size(); ++i) all[i] -= 0.25F;
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return all[a] > all[b]; });
  const std::vector<Candidate> found = top.Take();
  ASSERT_EQ(found.size(), 7U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].index, order[i]);
    EXPECT_EQ(found[i].score, all[order[i]]);
  }
}

// at::topk sorts (value, index) pairs by value alone with these two algorithms.
TEST(TopCandidatesTest, TiesAreThoseOfPartialSort) {
  Random random(9);
  for (int round = 0; round < 50; ++round) {
    std::vector<float> scores;
    for (int i = 0; i < 800; ++i) scores.push_back(static_cast<float>(random.Below(5)));
    std::vector<Candidate> pairs;
    for (std::size_t i = 0; i < scores.size(); ++i) pairs.push_back({scores[i], i});
    std::partial_sort(pairs.begin(), pairs.begin() + 8, pairs.end(),
                      [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    TopCandidates top(8);
    top.Add(scores, 0.0F);
    const std::vector<Candidate> found = top.Take();
    const std::vector<std::size_t> indices = TopIndices(scores, 8);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(found[i].index, pairs[i].index);
      EXPECT_EQ(indices[i], pairs[i].index);
    }
  }
}

TEST(TopCandidatesTest, FewerThanWantedComeSorted) {
  TopCandidates top(5);
  const float banned = -std::numeric_limits<float>::infinity();
  top.Add(std::vector<float>{1.0F, banned, 3.0F}, 0.0F);
  const std::vector<Candidate> found = top.Take();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].index, 2U);
  EXPECT_EQ(found[2].index, 1U);
}

}  // namespace
}  // namespace guichet
