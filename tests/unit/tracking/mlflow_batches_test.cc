#include "model/tracking/mlflow_batches.h"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MlflowBatchesTest : public ::testing::Test {
 protected:
  MlflowBatches Make(const MlflowLimits& limits = {}) {
    return {"run", [this](const std::string& body) { return Take(body); }, limits};
  }
  absl::Status Take(const std::string& body) {
    sizes_.push_back(body.size());
    bodies_.push_back(nlohmann::json::parse(body));
    return answer_;
  }
  std::vector<std::size_t> Counts(const char* kind) const {
    std::vector<std::size_t> counts;
    for (const auto& body : bodies_) counts.push_back(body[kind].size());
    return counts;
  }

  absl::Status answer_;
  std::vector<nlohmann::json> bodies_;
  std::vector<std::size_t> sizes_;
};

TEST_F(MlflowBatchesTest, AThousandMetricsAreOneRequestAndOneMoreASecond) {
  auto batches = Make();
  for (int i = 0; i < 1001; ++i) {
    ASSERT_TRUE(batches.AddMetric({"loss", i * 0.5}, i, WallTime(std::chrono::seconds(i))).ok());
  }
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_THAT(Counts("metrics"), ElementsAre(1000, 1));
  EXPECT_EQ(
      bodies_[1]["metrics"][0],
      nlohmann::json::parse(R"({"key":"loss","value":500.0,"timestamp":1000000,"step":1000})"));
  EXPECT_EQ(bodies_[0]["run_id"], "run");
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_THAT(bodies_, SizeIs(2));  // nothing left, nothing sent
}

TEST_F(MlflowBatchesTest, ParamsAndTagsSplitAtAHundredAndAllTogetherAtAThousand) {
  auto batches = Make();
  for (int i = 0; i < 101; ++i) ASSERT_TRUE(batches.AddParam(std::to_string(i), "x").ok());
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_THAT(Counts("params"), ElementsAre(100, 1));
  bodies_.clear();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(batches.AddTag(std::to_string(i), "x").ok());
  for (int i = 0; i < 901; ++i) ASSERT_TRUE(batches.AddMetric({"m", 1}, i, {}).ok());
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_THAT(Counts("tags"), ElementsAre(100, 0));
  EXPECT_THAT(Counts("metrics"), ElementsAre(900, 1));
}

TEST_F(MlflowBatchesTest, NoBodyExceedsAMegabyteWhateverIsInIt) {
  auto batches = Make();
  // Each byte becomes six in JSON.
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(batches.AddParam(std::to_string(i), std::string(6000, '\x01')).ok());
  }
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_GT(bodies_.size(), 3U);
  for (const std::size_t size : sizes_) EXPECT_LE(size, 1'000'000U);
}

TEST_F(MlflowBatchesTest, LongValuesAreCutBetweenCharacters) {
  auto batches = Make({.value_bytes = 4});
  ASSERT_TRUE(batches.AddParam("k", "abcdé").ok());
  ASSERT_TRUE(batches.AddParam("l", "abcé!").ok());
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_EQ(bodies_[0]["params"][0]["value"], "abcd");
  EXPECT_EQ(bodies_[0]["params"][1]["value"], "abc");
}

TEST_F(MlflowBatchesTest, WhatIsNoNumberIsWrittenAsProtobufReadsIt) {
  auto batches = Make();
  ASSERT_TRUE(batches.AddMetric({"m", std::nan("")}, 0, {}).ok());
  ASSERT_TRUE(batches.AddMetric({"m", -INFINITY}, 1, {}).ok());
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_EQ(bodies_[0]["metrics"][0]["value"], "NaN");
  EXPECT_EQ(bodies_[0]["metrics"][1]["value"], "-Infinity");
}

TEST_F(MlflowBatchesTest, AnErrorIsTheCallersAndTheBatchIsGone) {
  auto batches = Make({.metrics = 1});
  answer_ = absl::UnavailableError("down");
  ASSERT_TRUE(batches.AddMetric({"m", 1}, 0, {}).ok());
  EXPECT_EQ(batches.AddMetric({"m", 1}, 1, {}), answer_);
  answer_ = absl::OkStatus();
  bodies_.clear();
  ASSERT_TRUE(batches.Flush().ok());
  EXPECT_THAT(bodies_, IsEmpty());
}

}  // namespace
}  // namespace guichet
