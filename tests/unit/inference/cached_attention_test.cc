#include "model/inference/cached_attention.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

std::vector<float> RandomValues(std::int64_t count, Random& random) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(4.0 * random.Uniform() - 2.0));
  }
  return values;
}

// The definition, in doubles: the output of one query's head.
std::vector<double> Expected(const CachedAttentionArguments& a, std::int64_t query,
                             std::int64_t head) {
  const std::int64_t offset = head * a.width;
  const float* q = a.query + query * a.heads * a.width + offset;
  std::vector<double> output(static_cast<std::size_t>(a.width), 0.0);
  double total = 0.0;
  for (const std::int32_t row : a.rows) {
    double score = 0.0;
    for (std::int64_t k = 0; k < a.width; ++k) {
      score += static_cast<double>(q[k]) * a.keys[row * a.stride + offset + k];
    }
    const double weight = std::exp(score / std::sqrt(static_cast<double>(a.width)));
    total += weight;
    for (std::int64_t k = 0; k < a.width; ++k) {
      output[static_cast<std::size_t>(k)] += weight * a.values[row * a.stride + offset + k];
    }
  }
  for (double& value : output) value /= total;
  return output;
}

void ExpectAttention(std::int64_t queries, std::int64_t heads, std::int64_t width,
                     const std::vector<std::int32_t>& rows) {
  constexpr std::int64_t kCacheRows = 300;
  Random random(static_cast<std::uint64_t>(queries + 10 * heads + 100 * width) + rows.size());
  const std::int64_t size = heads * width;
  const std::vector<float> query = RandomValues(queries * size, random);
  const std::vector<float> cache = RandomValues(kCacheRows * 2 * size, random);
  std::vector<float> output(query.size(), -1.0F);
  const CachedAttentionArguments arguments{.query = query.data(),
                                           .output = output.data(),
                                           .keys = cache.data(),
                                           .values = cache.data() + size,
                                           .stride = 2 * size,
                                           .rows = rows,
                                           .queries = queries,
                                           .heads = heads,
                                           .width = width};
  CachedAttention(arguments);
  for (std::int64_t q = 0; q < queries; ++q) {
    for (std::int64_t head = 0; head < heads; ++head) {
      const std::vector<double> expected = Expected(arguments, q, head);
      for (std::int64_t k = 0; k < width; ++k) {
        ASSERT_NEAR(output[static_cast<std::size_t>(q * size + head * width + k)],
                    expected[static_cast<std::size_t>(k)], 1e-5)
            << queries << " " << heads << " " << width << " " << rows.size();
      }
    }
  }
}

TEST(CachedAttentionTest, EqualsItsDefinitionOnScatteredRows) {
  for (const std::int64_t width : {8, 16, 40, 64, 72}) {
    ExpectAttention(1, 3, width, {17});
    ExpectAttention(1, 3, width, {5, 3, 299, 3, 0, 41, 7, 100});
    ExpectAttention(4, 2, width, {9, 8, 7, 6, 5, 4, 3, 2, 1});
  }
}

TEST(CachedAttentionTest, ALongPastAfterAShortOneAndBack) {
  std::vector<std::int32_t> all;
  for (std::int32_t row = 299; row >= 0; --row) all.push_back(row);
  ExpectAttention(2, 2, 16, all);
  ExpectAttention(2, 2, 16, {3, 4});
}

}  // namespace
}  // namespace guichet
