#include "model/text/padding.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;

const std::vector<Encoding> kRows = {{.ids = {0, 16, 2}}, {.ids = {0, 2}}};

TEST(PaddingTest, PadsToTheLongest) {
  const PaddedBatch batch = PadBatch(kRows, 1, {}).value();
  EXPECT_EQ(batch.rows, 2);
  EXPECT_EQ(batch.columns, 3);
  EXPECT_THAT(batch.input_ids, ElementsAre(0, 16, 2, 0, 2, 1));
  EXPECT_THAT(batch.attention_mask, ElementsAre(1, 1, 1, 1, 1, 0));
}

TEST(PaddingTest, RoundsUpToAMultiple) {
  EXPECT_EQ(PadBatch(kRows, 1, {.pad_to_multiple_of = 8}).value().columns, 8);
  EXPECT_EQ(PadBatch(kRows, 1, {.pad_to_multiple_of = 3}).value().columns, 3);
}

TEST(PaddingTest, PadsToAGivenLength) {
  const PaddingOptions options{.strategy = PaddingStrategy::kMaxLength, .max_length = 5};
  EXPECT_EQ(PadBatch(kRows, 1, options).value().columns, 5);
  EXPECT_EQ(PadBatch(kRows, 1, {.strategy = PaddingStrategy::kMaxLength, .max_length = 2})
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PadBatch(kRows, 1, {.strategy = PaddingStrategy::kMaxLength}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PaddingTest, RefusesAMultipleBelowOne) {
  EXPECT_EQ(PadBatch(kRows, 1, {.pad_to_multiple_of = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PaddingTest, NoRowsMakeAnEmptyBatch) {
  const PaddedBatch batch = PadBatch({}, 1, {}).value();
  EXPECT_EQ(batch.rows, 0);
  EXPECT_EQ(batch.columns, 0);
  EXPECT_TRUE(batch.input_ids.empty());
}

}  // namespace
}  // namespace guichet
