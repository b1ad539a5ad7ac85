#include "model/data/length_buckets.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

using Batches = std::vector<std::vector<size_t>>;

std::vector<int> RandomLengths(Random& random, size_t rows) {
  std::vector<int> lengths(rows);
  for (int& length : lengths) length = static_cast<int>(random.Below(200));
  return lengths;
}

std::int64_t PaddedTokens(const std::vector<int>& lengths, const std::vector<size_t>& batch) {
  int longest = 0;
  for (const size_t row : batch) longest = std::max(longest, lengths[row]);
  return static_cast<std::int64_t>(batch.size()) * longest;
}

TEST(LengthBucketsTest, EveryRowIsInOneBatchWithinTheBounds) {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    const std::vector<int> lengths = RandomLengths(random, random.Below(500));
    LengthBucketOptions options;
    options.max_batch_rows = static_cast<int>(1 + random.Below(40));
    options.max_padded_tokens = random.Chance(0.5) ? static_cast<int>(random.Below(3000)) : 0;
    options.batches_per_pool = static_cast<int>(1 + random.Below(20));
    options.seed = random.Next();
    options.shuffle_batches = random.Chance(0.5);
    const auto batches = LengthGroupedBatches(lengths, options);
    ASSERT_TRUE(batches.ok()) << batches.status();
    std::vector<size_t> rows;
    for (const auto& batch : *batches) {
      ASSERT_FALSE(batch.empty());
      ASSERT_LE(batch.size(), static_cast<size_t>(options.max_batch_rows));
      if (options.max_padded_tokens > 0 && batch.size() > 1) {
        ASSERT_LE(PaddedTokens(lengths, batch), options.max_padded_tokens);
      }
      ASSERT_LE(PaddedTokens(lengths, batch), PaddedTokens(lengths, batches->front()));
      rows.insert(rows.end(), batch.begin(), batch.end());
    }
    std::ranges::sort(rows);
    ASSERT_EQ(rows.size(), lengths.size());
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], i);
  }
}

TEST(LengthBucketsTest, TheSeedDecidesTheBatches) {
  Random random(2);
  const std::vector<int> lengths = RandomLengths(random, 400);
  const auto make = [&](std::uint64_t seed) {
    return *LengthGroupedBatches(lengths, {.max_batch_rows = 16, .seed = seed});
  };
  EXPECT_EQ(make(1), make(1));
  EXPECT_NE(make(1), make(2));
}

TEST(LengthBucketsTest, PadsFarLessThanRandomBatches) {
  Random random(3);
  const std::vector<int> lengths = RandomLengths(random, 5000);
  const auto grouped = LengthGroupedBatches(lengths, {});
  ASSERT_TRUE(grouped.ok());
  Batches unsorted;
  for (size_t row = 0; row < lengths.size(); ++row) {
    if (row % 32 == 0) unsorted.emplace_back();
    unsorted.back().push_back(row);
  }
  EXPECT_GT(PaddingEfficiency(lengths, *grouped), 0.95);
  EXPECT_LT(PaddingEfficiency(lengths, unsorted), 0.6);
}

TEST(LengthBucketsTest, BatchesAreShuffledUnlessToldOtherwise) {
  Random random(4);
  const std::vector<int> lengths = RandomLengths(random, 320);
  const auto longest_of_each = [&](bool shuffle) {
    std::vector<int> longest;
    const auto batches =
        LengthGroupedBatches(lengths, {.max_batch_rows = 8, .shuffle_batches = shuffle});
    for (const auto& batch : *batches) {
      longest.push_back(lengths[batch.front()]);
    }
    return longest;
  };
  EXPECT_TRUE(std::ranges::is_sorted(longest_of_each(false), std::greater<>()));
  EXPECT_FALSE(std::ranges::is_sorted(longest_of_each(true), std::greater<>()));
}

TEST(LengthBucketsTest, RefusesBadArguments) {
  const std::vector<int> lengths = {1, -1};
  EXPECT_FALSE(LengthGroupedBatches(lengths, {}).ok());
  EXPECT_FALSE(LengthGroupedBatches({}, {.max_batch_rows = 0}).ok());
  EXPECT_FALSE(LengthGroupedBatches({}, {.max_padded_tokens = -1}).ok());
  EXPECT_FALSE(LengthGroupedBatches({}, {.batches_per_pool = 0}).ok());
  EXPECT_TRUE(LengthGroupedBatches({}, {})->empty());
}

}  // namespace
}  // namespace guichet
