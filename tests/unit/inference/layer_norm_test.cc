#include "model/inference/layer_norm.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

std::vector<float> Numbers(Random& random, std::int64_t count, double offset) {
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (float& number : numbers) number = static_cast<float>(4.0 * random.Uniform() - 2.0 + offset);
  return numbers;
}

TEST(LayerNormTest, EqualsTheDefinition) {
  Random random(5);
  for (const std::int64_t width : {1, 7, 16, 64, 100, 768}) {
    for (const double offset : {0.0, 50.0}) {
      constexpr std::int64_t kRows = 3;
      std::vector<float> x = Numbers(random, kRows * width, offset);
      const std::vector<float> weight = Numbers(random, width, 1.0);
      const std::vector<float> bias = Numbers(random, width, 0.0);
      std::vector<double> expected;
      for (std::int64_t r = 0; r < kRows; ++r) {
        const float* row = x.data() + r * width;
        double mean = 0;
        for (std::int64_t k = 0; k < width; ++k) mean += row[k] / static_cast<double>(width);
        double variance = 0;
        for (std::int64_t k = 0; k < width; ++k) {
          variance += (row[k] - mean) * (row[k] - mean) / static_cast<double>(width);
        }
        for (std::int64_t k = 0; k < width; ++k) {
          const auto i = static_cast<std::size_t>(k);
          expected.push_back((row[k] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i]);
        }
      }
      LayerNormRows({.x = x.data(),
                     .weight = weight.data(),
                     .bias = bias.data(),
                     .out = x.data(),
                     .rows = kRows,
                     .width = width});
      for (std::size_t i = 0; i < x.size(); ++i) {
        EXPECT_NEAR(x[i], expected[i], 2e-5 * (1 + std::abs(expected[i]))) << width << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace guichet
