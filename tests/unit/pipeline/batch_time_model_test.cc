#include "server/pipeline/batch_time_model.h"

#include <chrono>

#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

double Milliseconds(nanoseconds time) { return static_cast<double>(time.count()) * 1e-6; }

TEST(BatchTimeModelTest, PredictsNothingBeforeEnoughBatches) {
  BatchTimeModel model({.decay = 0.95, .min_batches = 3});
  model.Record(100, milliseconds(10));
  model.Record(200, milliseconds(20));
  EXPECT_FALSE(model.ready());
  EXPECT_EQ(model.Predict(1000), nanoseconds(0));
  model.Record(300, milliseconds(30));
  EXPECT_TRUE(model.ready());
  EXPECT_GT(model.Predict(1000), nanoseconds(0));
}

TEST(BatchTimeModelTest, FindsTheFixedAndThePerTokenPart) {
  BatchTimeModel model;
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    const std::size_t tokens = 16 + random.Below(1000);
    model.Record(tokens, microseconds(2000 + 30 * tokens));
  }
  EXPECT_NEAR(Milliseconds(model.Predict(0)), 2.0, 0.01);
  EXPECT_NEAR(Milliseconds(model.Predict(2048)), 2.0 + 61.44, 0.05);
}

TEST(BatchTimeModelTest, BatchesAllAlikePromiseRatherTooMuch) {
  BatchTimeModel model;
  for (int i = 0; i < 50; ++i) model.Record(35, milliseconds(4));
  EXPECT_NEAR(Milliseconds(model.Predict(2048)), 4.0, 0.01);
}

TEST(BatchTimeModelTest, ForgetsHowFastTheDeviceWas) {
  BatchTimeModel model;
  for (int i = 0; i < 100; ++i) model.Record(100, milliseconds(1));
  for (int i = 0; i < 150; ++i) model.Record(100, milliseconds(9));
  EXPECT_NEAR(Milliseconds(model.Predict(100)), 9.0, 0.05);
}

TEST(BatchTimeModelTest, NeitherPartIsEverNegative) {
  BatchTimeModel model;
  Random random(8);
  for (int i = 0; i < 1000; ++i) {
    model.Record(random.Below(5000),
                 nanoseconds(static_cast<std::int64_t>(random.Below(1'000'000'000))));
    if (!model.ready()) continue;
    EXPECT_GE(model.Predict(0).count(), 0);
    EXPECT_GE(model.Predict(100'000), model.Predict(10));
  }
}

}  // namespace
}  // namespace guichet
