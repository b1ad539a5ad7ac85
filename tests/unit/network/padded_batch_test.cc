#include "model/network/padded_batch.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BartConfig EncoderConfig(Pooling pooling) {
  BartConfig config;
  config.vocab_size = 10;
  config.max_position_embeddings = 6;
  config.pooling = pooling;
  return config;
}

PaddedBatch Pad(const std::vector<std::vector<TokenId>>& rows) {
  const std::vector<std::span<const TokenId>> spans(rows.begin(), rows.end());
  return PadRows(spans, 1);
}

TEST(PadRowsTest, FillsOnTheRightAndMasksThePadding) {
  const PaddedBatch batch = Pad({{0, 5, 2}, {0, 2}});
  EXPECT_EQ(batch.rows, 2);
  EXPECT_EQ(batch.length, 3);
  EXPECT_THAT(batch.ids, ElementsAre(0, 5, 2, 0, 2, 1));
  EXPECT_THAT(batch.mask, ElementsAre(1, 1, 1, 1, 1, 0));
  EXPECT_THAT(batch.Row(1), ElementsAre(0, 2, 1));
}

TEST(ShiftTokensRightTest, WrapsTheLastTokenThatIsNotPadding) {
  EXPECT_THAT(ShiftTokensRight(std::vector<TokenId>{0, 5, 6, 2, 1, 1}, 1),
              ElementsAre(2, 0, 5, 6, 2, 1));
  EXPECT_THAT(ShiftTokensRight(std::vector<TokenId>{0, 5, 2}, 1), ElementsAre(2, 0, 5));
}

TEST(LastPositionOfTest, FindsTheLastOneOrNone) {
  EXPECT_EQ(LastPositionOf(std::vector<TokenId>{0, 2, 5, 2, 1}, 2), 3);
  EXPECT_EQ(LastPositionOf(std::vector<TokenId>{0, 5}, 2), -1);
}

TEST(CheckBatchTest, RowsMayDifferInEndsUnlessADecoderReadsThem) {
  const PaddedBatch batch = Pad({{0, 5, 2, 2}, {0, 2}});
  BartConfig config = EncoderConfig(Pooling::kMean);
  EXPECT_TRUE(CheckBatch(batch, config).ok());
  config.pooling.reset();
  EXPECT_THAT(std::string(CheckBatch(batch, config).message()), HasSubstr("row 1"));
}

TEST(CheckBatchTest, OnlyTheLastEndPoolingNeedsAnEnd) {
  const PaddedBatch batch = Pad({{0, 5, 6}});
  EXPECT_TRUE(CheckBatch(batch, EncoderConfig(Pooling::kMax)).ok());
  EXPECT_FALSE(CheckBatch(batch, EncoderConfig(Pooling::kLastEos)).ok());
}

TEST(CheckBatchTest, NamesTheRowAndTheRule) {
  const BartConfig config = EncoderConfig(Pooling::kMean);
  const auto message = [&](const std::vector<std::vector<TokenId>>& rows) {
    return std::string(CheckBatch(Pad(rows), config).message());
  };
  EXPECT_THAT(message({{0, 2}, {0, 10, 2}}), HasSubstr("row 1 of the batch holds token id 10"));
  EXPECT_THAT(message({{0, 2}, {0, -1}}), HasSubstr("token id -1"));
  EXPECT_THAT(message({{0, 2}, {}}), HasSubstr("no visible token"));
  EXPECT_THAT(message({{0, 4, 4, 4, 4, 4, 2}}), HasSubstr("7 tokens long, the model has 6"));
  EXPECT_THAT(message({{1, 0, 2}}), HasSubstr("left"));
  EXPECT_THAT(message({}), HasSubstr("at least one row"));
}

}  // namespace
}  // namespace guichet
