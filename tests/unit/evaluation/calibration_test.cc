#include "model/evaluation/calibration.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

// Rows whose labels are drawn from softmax(logits / temperature).
struct DrawnRows {
  std::vector<double> values;
  std::vector<int> truth;

  DrawnRows(double temperature, size_t rows, std::uint64_t seed) {
    Random random(seed);
    std::vector<double> p(4);
    for (size_t i = 0; i < rows; ++i) {
      std::vector<double> logits(4);
      for (double& logit : logits) logit = 8 * random.Uniform() - 4;
      Softmax(logits, temperature, p);
      double rest = random.Uniform();
      int label = 0;
      while (label < 3 && (rest -= p[static_cast<size_t>(label)]) >= 0) ++label;
      truth.push_back(label);
      values.insert(values.end(), logits.begin(), logits.end());
    }
  }
};

TEST(FitTemperatureTest, FindsTheTemperatureTheLabelsWereDrawnWith) {
  for (const double temperature : {0.5, 1.0, 2.5}) {
    const DrawnRows rows(temperature, 20'000, 3);
    const auto fitted = FitTemperature({rows.values, 4}, rows.truth);
    ASSERT_TRUE(fitted.ok());
    EXPECT_NEAR(*fitted / temperature, 1, 0.05);
  }
}

TEST(FitTemperatureTest, NoNeighbourIsBetter) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const DrawnRows rows(1.5, 50, seed);
    const LogitTable logits = {rows.values, 4};
    const auto fitted = FitTemperature(logits, rows.truth);
    ASSERT_TRUE(fitted.ok());
    const double best = MeanNegativeLogLikelihood(logits, rows.truth, *fitted);
    for (const double factor : {0.8, 0.99, 1.01, 1.2}) {
      EXPECT_LE(best, MeanNegativeLogLikelihood(logits, rows.truth, *fitted * factor));
    }
  }
}

TEST(FitTemperatureTest, StopsAtTheBounds) {
  const std::vector<double> separated = {9, 0, 0, 9};
  EXPECT_EQ(*FitTemperature({separated, 2}, std::vector<int>{0, 1}), kLowestTemperature);
  EXPECT_EQ(*FitTemperature({separated, 2}, std::vector<int>{1, 0}), kHighestTemperature);
  const std::vector<double> equal = {2, 2};
  EXPECT_EQ(*FitTemperature({equal, 2}, std::vector<int>{0}), kHighestTemperature);
}

}  // namespace
}  // namespace guichet
