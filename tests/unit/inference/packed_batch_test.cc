#include "model/inference/packed_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<PackedBatch> Pack(const std::vector<std::vector<TokenId>>& rows,
                                 const RowLimits& limits) {
  const std::vector<std::span<const TokenId>> views(rows.begin(), rows.end());
  return PackRows(views, limits);
}

constexpr RowLimits kLimits{.vocabulary_size = 10, .max_tokens = 4, .end_id = 2, .needs_end = true};

TEST(PackRowsTest, LaysRowsEndToEndShortestFirst) {
  const auto batch = Pack({{0, 5, 6, 2}, {0, 2}, {0, 7, 2}}, kLimits);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_THAT(batch->ids, ElementsAre(0, 2, 0, 7, 2, 0, 5, 6, 2));
  EXPECT_THAT(batch->positions, ElementsAre(0, 1, 0, 1, 2, 0, 1, 2, 3));
  EXPECT_THAT(batch->offsets, ElementsAre(0, 2, 5, 9));
  EXPECT_THAT(batch->original, ElementsAre(1, 2, 0));
  EXPECT_THAT(batch->last_end, ElementsAre(1, 4, 8));
}

TEST(PackRowsTest, FindsTheLastEndOfPairs) {
  const auto batch = Pack({{0, 2, 2, 5}}, kLimits);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_THAT(batch->last_end, ElementsAre(2));
}

TEST(PackRowsTest, RefusalsNameRowAndBound) {
  EXPECT_THAT(std::string(Pack({{0, 2}, {}}, kLimits).status().message()),
              HasSubstr("row 1: no tokens"));
  EXPECT_THAT(std::string(Pack({{0, 5, 5, 5, 2}}, kLimits).status().message()),
              HasSubstr("5 tokens, but the model reads at most 4"));
  EXPECT_THAT(std::string(Pack({{0, 10, 2}}, kLimits).status().message()),
              HasSubstr("token id 10 is outside the vocabulary (0 to 9)"));
  EXPECT_THAT(std::string(Pack({{-1, 2}}, kLimits).status().message()), HasSubstr("token id -1"));
  EXPECT_THAT(std::string(Pack({{0, 5}}, kLimits).status().message()), HasSubstr("no </s>"));
}

TEST(PackRowsTest, RowsWithoutEndPassWhereNobodyReadsIt) {
  RowLimits limits = kLimits;
  limits.needs_end = false;
  const auto batch = Pack({{0, 5}}, limits);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_THAT(batch->last_end, ElementsAre(-1));
}

}  // namespace
}  // namespace guichet
