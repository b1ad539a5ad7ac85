#include "server/feedback/label_window.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;

constexpr SteadyTime kStart = SteadyTime(std::chrono::hours(5));

TEST(LabelWindowTest, CountsWhatCameWithinTheWindow) {
  LabelWindow window(minutes(60));
  EXPECT_THAT(window.Update(kStart, {10, 0}), ElementsAre(10, 0));
  EXPECT_THAT(window.Update(kStart + minutes(30), {15, 2}), ElementsAre(15, 2));
  EXPECT_THAT(window.Update(kStart + minutes(60), {15, 9}), ElementsAre(15, 9));
  // The window now begins at the second call.
  EXPECT_THAT(window.Update(kStart + minutes(90), {15, 9}), ElementsAre(0, 7));
  EXPECT_THAT(window.Update(kStart + minutes(300), {16, 9}), ElementsAre(1, 0));
}

TEST(LabelWindowTest, FrequentCallsCostNoMoreMemoryAndLoseNothing) {
  LabelWindow window(minutes(60));
  double answers = 0;
  for (int second = 0; second <= 4 * 3600; second += 5) {
    const auto recent = window.Update(kStart + std::chrono::seconds(second), {++answers});
    // A snapshot a minute: the window is 60 to 61 minutes long.
    if (second >= 3700) {
      EXPECT_GE(recent[0], 720);
      EXPECT_LE(recent[0], 733);
    }
  }
}

TEST(LabelDriftTest, IsNoughtForTheSameMixAndGrowsWithTheDifference) {
  const std::vector<double> mix = {50, 30, 20};
  EXPECT_NEAR(LabelDrift(mix, {500, 300, 200}), 0, 1e-12);
  // Σ (q − p)·ln(q/p) by hand.
  const double expected =
      (0.2 - 0.5) * std::log(0.2 / 0.5) + (0.3 - 0.3) * 0.0 + (0.5 - 0.2) * std::log(0.5 / 0.2);
  EXPECT_NEAR(LabelDrift(mix, {200, 300, 500}), expected, 1e-12);
  EXPECT_GT(expected, 0.25);
}

TEST(LabelDriftTest, SaysNothingOfTooFewAnswersOrAnUnknownMix) {
  EXPECT_TRUE(std::isnan(LabelDrift({50, 50}, {100, 99})));
  EXPECT_FALSE(std::isnan(LabelDrift({50, 50}, {100, 100})));
  EXPECT_TRUE(std::isnan(LabelDrift({}, {500, 500})));
  EXPECT_TRUE(std::isnan(LabelDrift(std::vector<double>(20, 1), std::vector<double>(20, 19))));
}

}  // namespace
}  // namespace guichet
