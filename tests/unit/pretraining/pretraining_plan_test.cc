#include "model/pretraining/pretraining_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PretrainingPlanTest, IsReadBackAsItWasWritten) {
  PretrainingPlan plan;
  plan.updates = 77;
  plan.mean_span = 2.5;
  plan.learning.learning_rate = 3e-4;
  plan.learning.schedule = LearningRateSchedule::kCosine;
  plan.learning.precision = Precision::kBf16;
  plan.learning.dropout.reset();
  for (const std::string& yaml : {ToYaml(plan), ToDocumentedYaml(plan)}) {
    const auto read = ParsePretrainingPlan(yaml, "plan");
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->updates, 77);
    EXPECT_EQ(read->learning.precision, Precision::kBf16);
    EXPECT_EQ(ToYaml(*read), ToYaml(plan));
  }
}

TEST(PretrainingPlanTest, EveryLearningKeyIsAField) {
  const std::string yaml = "\n" + ToYaml(PretrainingPlan());
  for (const std::string_view key : kLearningKeys) {
    EXPECT_THAT(yaml, HasSubstr("\n" + std::string(key) + ": "));
  }
  // What means nothing here is not one.
  for (const char* key : {"epochs", "patience", "class_weights", "mode", "clean", "batch_size"}) {
    EXPECT_THAT(yaml, Not(HasSubstr("\n" + std::string(key) + ": "))) << key;
  }
}

TEST(PretrainingPlanTest, RefusalsNameLineFieldAndRange) {
  const auto refusal = [](const std::string& yaml) {
    const auto plan = ParsePretrainingPlan(yaml, "p.yaml");
    EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument) << plan.status();
    return std::string(plan.status().message());
  };
  EXPECT_THAT(refusal("seed: 1\nmask_share: 1\n"),
              HasSubstr("p.yaml:2: mask_share: mask_share is 1; give a number from 0 to below 1"));
  EXPECT_THAT(refusal("updates: 0"), HasSubstr("whole number from 1 to 100000000"));
  EXPECT_THAT(refusal("mean_span: 0"), HasSubstr("above 0 to 100"));
  EXPECT_THAT(refusal("learning_rate: 2"), HasSubstr("learning_rate is 2"));
  EXPECT_THAT(refusal("max_tokens: 5"), HasSubstr("max_tokens is 5; give at least 8"));
  EXPECT_THAT(refusal("epochs: 3"), HasSubstr("unknown key 'epochs'"));
  EXPECT_THAT(refusal("seed: 1\nseed: 2"), HasSubstr("twice"));
}

}  // namespace
}  // namespace guichet
