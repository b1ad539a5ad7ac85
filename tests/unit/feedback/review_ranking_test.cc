#include "server/feedback/review_ranking.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::ElementsAre;

std::vector<std::int64_t> Numbers(const std::vector<RankedPrediction>& ranked) {
  std::vector<std::int64_t> numbers;
  for (const RankedPrediction& entry : ranked) numbers.push_back(entry.number);
  return numbers;
}

TEST(ReviewRankingTest, OrdersByMarginTimesRarity) {
  const auto share = [](std::int64_t, const std::string& label) {
    return label == "rare" ? 0.04 : 0.64;
  };
  const auto ranked =
      RankForReview({{.number = 1, .version = 1, .predicted = "common", .margin = 0.1},
                     {.number = 2, .version = 1, .predicted = "rare", .margin = 0.1},
                     {.number = 3, .version = 1, .predicted = "common", .margin = 0.4},
                     {.number = 4, .version = 1, .predicted = "rare", .margin = 0.45}},
                    share);
  EXPECT_THAT(Numbers(ranked), ElementsAre(2, 4, 1, 3));
  EXPECT_DOUBLE_EQ(ranked[0].priority, 0.9 / 0.2);
  EXPECT_DOUBLE_EQ(ranked[2].priority, 0.9 / 0.8);
}

TEST(ReviewRankingTest, TheNewestOfEqualsComesFirst) {
  const auto ranked = RankForReview({{.number = 7, .version = 1, .predicted = "a", .margin = 0.1},
                                     {.number = 9, .version = 1, .predicted = "a", .margin = 0.1}},
                                    [](std::int64_t, const std::string&) { return 0.5; });
  EXPECT_THAT(Numbers(ranked), ElementsAre(9, 7));
}

TEST(ReviewRankingTest, SharesAmongPredictionsAreByVersion) {
  const auto share = SharesAmong({{.number = 1, .version = 1, .predicted = "a", .margin = 0},
                                  {.number = 2, .version = 1, .predicted = "a", .margin = 0},
                                  {.number = 3, .version = 1, .predicted = "b", .margin = 0},
                                  {.number = 4, .version = 2, .predicted = "a", .margin = 0}});
  EXPECT_DOUBLE_EQ(share(1, "a"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(share(1, "b"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(share(2, "a"), 1.0);
}

TEST(ReviewRankingTest, ALabelWithoutTrainingRowsHasAShare) {
  EXPECT_DOUBLE_EQ(ShareInMix({7, 0, 0}, {"a", "b", "c"}, "a"), 0.8);
  EXPECT_DOUBLE_EQ(ShareInMix({7, 0, 0}, {"a", "b", "c"}, "b"), 0.1);
  EXPECT_DOUBLE_EQ(ShareInMix({7, 0, 0}, {"a", "b", "c"}, "z"), 1.0);
}

}  // namespace
}  // namespace guichet
