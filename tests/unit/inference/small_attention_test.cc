#include "model/inference/small_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

struct Case {
  std::int64_t queries;
  std::int64_t keys;
  std::int64_t width;
  bool causal;
  float size;  // of the random numbers: large ones saturate the softmax
};

// The definition, in double.
std::vector<float> Expected(const Case& c, const std::vector<float>& q, const std::vector<float>& k,
                            const std::vector<float>& v, double scale) {
  std::vector<float> out(static_cast<std::size_t>(c.queries * c.width));
  for (std::int64_t i = 0; i < c.queries; ++i) {
    const std::int64_t visible = c.causal ? i + 1 : c.keys;
    std::vector<double> weights(static_cast<std::size_t>(visible));
    double largest = -INFINITY;
    for (std::int64_t j = 0; j < visible; ++j) {
      double dot = 0;
      for (std::int64_t w = 0; w < c.width; ++w) {
        dot += static_cast<double>(q[static_cast<std::size_t>(i * c.width + w)]) *
               k[static_cast<std::size_t>(j * c.width + w)];
      }
      weights[static_cast<std::size_t>(j)] = dot * scale;
      largest = std::max(largest, dot * scale);
    }
    double total = 0;
    for (double& weight : weights) total += weight = std::exp(weight - largest);
    for (std::int64_t w = 0; w < c.width; ++w) {
      double sum = 0;
      for (std::int64_t j = 0; j < visible; ++j) {
        sum += weights[static_cast<std::size_t>(j)] * v[static_cast<std::size_t>(j * c.width + w)];
      }
      out[static_cast<std::size_t>(i * c.width + w)] = static_cast<float>(sum / total);
    }
  }
  return out;
}

TEST(SmallAttentionTest, EqualsTheDefinition) {
  Random random(3);
  const std::vector<Case> cases = {{1, 1, 4, false, 1},    {2, 3, 8, false, 1},
                                   {17, 17, 16, true, 1},  {35, 35, 64, false, 1},
                                   {35, 35, 64, false, 9}, {192, 192, 128, true, 2},
                                   {1, 192, 64, false, 5}, {16, 16, 32, true, 30}};
  for (const Case& c : cases) {
    const auto make = [&](std::int64_t rows) {
      std::vector<float> values(static_cast<std::size_t>(rows * c.width));
      for (float& value : values) {
        value = c.size * static_cast<float>(random.Uniform() * 2 - 1);
      }
      return values;
    };
    const auto q = make(c.queries);
    const auto k = make(c.keys);
    const auto v = make(c.keys);
    std::vector<float> out(q.size());
    const double scale = 1.0 / std::sqrt(static_cast<double>(c.width));
    SmallAttention({.query = q.data(),
                    .key = k.data(),
                    .value = v.data(),
                    .output = out.data(),
                    .query_stride = c.width,
                    .key_stride = c.width,
                    .value_stride = c.width,
                    .output_stride = c.width,
                    .query_length = c.queries,
                    .key_length = c.keys,
                    .width = c.width,
                    .causal = c.causal,
                    .scale = static_cast<float>(scale)});
    const auto expected = Expected(c, q, k, v, scale);
    for (std::size_t i = 0; i < out.size(); ++i) {
      ASSERT_NEAR(out[i], expected[i], 2e-5F * c.size)
          << c.queries << "x" << c.keys << "x" << c.width << " at " << i;
    }
  }
}

}  // namespace
}  // namespace guichet
