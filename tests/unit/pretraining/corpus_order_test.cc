#include "model/pretraining/corpus_order.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

constexpr std::size_t kTexts = 1003;

int LengthOf(std::size_t text) { return 3 + static_cast<int>(MixBits(text) % 60); }

CorpusOrder MakeOrder(std::uint64_t seed = 1) {
  return {kTexts,
          LengthOf,
          {.batch_tokens = 256, .texts_per_block = 16, .blocks_per_pool = 8, .seed = seed}};
}

// The batches of one epoch.
std::vector<std::vector<std::size_t>> Epoch(CorpusOrder& order) {
  std::vector<std::vector<std::size_t>> batches;
  std::size_t seen = 0;
  while (seen < kTexts) {
    batches.push_back(order.Next().value());
    seen += batches.back().size();
  }
  return batches;
}

TEST(CorpusOrderTest, EachTextComesOnceAnEpoch) {
  CorpusOrder order = MakeOrder();
  for (int epoch = 1; epoch <= 3; ++epoch) {
    std::set<std::size_t> seen;
    for (const auto& batch : Epoch(order)) {
      EXPECT_EQ(order.position().epoch, epoch);
      for (const std::size_t text : batch) EXPECT_TRUE(seen.insert(text).second) << text;
    }
    EXPECT_EQ(seen.size(), kTexts);
    EXPECT_EQ(*seen.rbegin(), kTexts - 1);
  }
}

TEST(CorpusOrderTest, BatchesKeepTheirBudgetWithLittlePadding) {
  CorpusOrder order = MakeOrder();
  std::int64_t tokens = 0;
  std::int64_t padded = 0;
  for (const auto& batch : Epoch(order)) {
    int longest = 0;
    for (const std::size_t text : batch) {
      longest = std::max(longest, LengthOf(text));
      tokens += LengthOf(text);
    }
    const auto size = static_cast<std::int64_t>(batch.size()) * longest;
    EXPECT_LE(size, 256);
    padded += size;
  }
  EXPECT_GT(static_cast<double>(tokens) / static_cast<double>(padded), 0.9);
}

TEST(CorpusOrderTest, EpochsAndSeedsDiffer) {
  CorpusOrder order = MakeOrder();
  CorpusOrder same = MakeOrder();
  CorpusOrder other = MakeOrder(2);
  const auto first = Epoch(order);
  EXPECT_EQ(first, Epoch(same));
  EXPECT_NE(first, Epoch(other));
  EXPECT_NE(first, Epoch(order));
}

TEST(CorpusOrderTest, GoesOnFromAnyPosition) {
  CorpusOrder order = MakeOrder();
  std::vector<CorpusPosition> positions;
  std::vector<std::vector<std::size_t>> batches;
  for (int i = 0; i < 400; ++i) {  // over two ends of epochs
    positions.push_back(order.position());
    batches.push_back(order.Next().value());
  }
  ASSERT_GE(positions.back().epoch, 3);
  for (std::size_t i = 0; i < positions.size(); i += 7) {
    CorpusOrder resumed = MakeOrder();
    ASSERT_TRUE(resumed.Seek(positions[i]).ok());
    EXPECT_EQ(resumed.position(), positions[i]);
    for (std::size_t j = i; j < std::min(i + 30, batches.size()); ++j) {
      ASSERT_EQ(resumed.Next().value(), batches[j]) << i << " " << j;
    }
  }
}

TEST(CorpusOrderTest, ATextLongerThanTheBudgetIsABatchOfItsOwn) {
  CorpusOrder order(3, [](std::size_t) { return 100; }, {.batch_tokens = 10});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(order.Next().value().size(), 1U);
  EXPECT_EQ(order.position(), (CorpusPosition{1, 3}));
}

}  // namespace
}  // namespace guichet
