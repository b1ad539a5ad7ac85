#include "model/training/training_plan.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& yaml) {
  const auto plan = ParseTrainingPlan(yaml, "plan.yaml");
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(plan.status().message());
}

TEST(TrainingPlanTest, DefaultsAreValidAndAnEmptyFileGivesThem) {
  EXPECT_TRUE(TrainingPlan().Validate().ok());
  const auto plan = ParseTrainingPlan("", "plan.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(ToYaml(*plan), ToYaml(TrainingPlan()));
}

TEST(TrainingPlanTest, ReadsEveryKindOfField) {
  const auto plan = ParseTrainingPlan(
      "epochs: 4\nlearning_rate: 2.5e-4\nschedule: cosine\nclass_weights: sqrt-inverse\n"
      "mode: last-2\ndropout: 0.3\nattention_dropout: null\nseed: 18446744073709551615\n"
      "device: cuda:1\n",
      "plan.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->epochs, 4);
  EXPECT_DOUBLE_EQ(plan->learning_rate, 2.5e-4);
  EXPECT_EQ(plan->schedule, LearningRateSchedule::kCosine);
  EXPECT_EQ(plan->class_weights, ClassWeighting::kSqrtInverse);
  EXPECT_EQ(plan->mode, (TrainedPart{TrainedPart::Kind::kLastLayers, 2}));
  EXPECT_EQ(plan->dropout, 0.3);
  EXPECT_FALSE(plan->attention_dropout.has_value());
  EXPECT_EQ(plan->seed, 18446744073709551615ULL);
  EXPECT_EQ(plan->device, "cuda:1");
}

TEST(TrainingPlanTest, WhatIsWrittenIsReadBackUnchanged) {
  TrainingPlan plan;
  plan.learning_rate = 1.0 / 3.0;
  plan.classifier_dropout = 0.1;
  plan.mode = ParseTrainedPart("head").value();
  plan.schedule = LearningRateSchedule::kPolynomial;
  const auto again = ParseTrainingPlan(ToYaml(plan), "plan.yaml");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ToYaml(*again), ToYaml(plan));
  EXPECT_EQ(again->learning_rate, plan.learning_rate);
}

TEST(TrainingPlanTest, CleaningRulesAreAWordNamesOrAList) {
  const auto read = [](const std::string& yaml) {
    return NameOf(ParseTrainingPlan(yaml, "plan.yaml").value().clean);
  };
  EXPECT_EQ(read(""), NameOf(TrainingPlan().clean));
  EXPECT_EQ(read("clean: all"), "all");
  EXPECT_EQ(read("clean: none"), "none");
  EXPECT_EQ(read("clean: html, quotes"), "html,quotes");
  EXPECT_EQ(read("clean: [quotes, html]"), "html,quotes");
  EXPECT_EQ(read("clean: []"), "none");
  EXPECT_EQ(read(ToYaml(ParseTrainingPlan("clean: [html]", "plan.yaml").value())), "html");
  EXPECT_THAT(ErrorOf("clean: emoji"),
              AllOf(HasSubstr("plan.yaml:1: clean:"), HasSubstr("'emoji'"), HasSubstr("html")));
  EXPECT_THAT(ErrorOf("clean: {html: true}"), HasSubstr("not a list of cleaning rules"));
}

TEST(TrainingPlanTest, AbsentFieldsKeepTheValuesOfTheBase) {
  TrainingPlan base;
  base.epochs = 9;
  const auto plan = ParseTrainingPlan("batch_size: 3", "plan.yaml", base);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->epochs, 9);
  EXPECT_EQ(plan->batch_size, 3);
}

TEST(TrainingPlanTest, ErrorsNameFileLineAndRemedy) {
  EXPECT_THAT(ErrorOf("epochs: 3\nlearning_rat: 1"),
              AllOf(HasSubstr("plan.yaml:2:"), HasSubstr("unknown key 'learning_rat'"),
                    HasSubstr("learning_rate")));
  EXPECT_THAT(ErrorOf("epochs: 3\nepochs: 4"),
              AllOf(HasSubstr("plan.yaml:2:"), HasSubstr("twice")));
  EXPECT_THAT(ErrorOf("epochs: many"), HasSubstr("'many' is not a whole number"));
  EXPECT_THAT(ErrorOf("epochs: 2.5"), HasSubstr("not a whole number"));
  EXPECT_THAT(ErrorOf("epochs: [1]"), HasSubstr("a list or mapping"));
  EXPECT_THAT(ErrorOf("epochs: 0"), HasSubstr("epochs is 0; give a whole number from 1 to 1000"));
  EXPECT_THAT(ErrorOf("- epochs"), HasSubstr("one mapping"));
  EXPECT_THAT(ErrorOf("epochs: [1"), HasSubstr("plan.yaml:"));
  EXPECT_THAT(ErrorOf("seed: -1"), HasSubstr("whole number from 0"));
}

TEST(TrainingPlanTest, TheDocumentedPlanIsThePlanAndSaysWhatEachFieldMeans) {
  TrainingPlan plan;
  plan.epochs = 7;
  plan.dropout = 0.25;
  const std::string text = ToDocumentedYaml(plan);
  const auto read = ParseTrainingPlan(text, "documented");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToYaml(*read), ToYaml(plan));
  EXPECT_THAT(text, HasSubstr("# longest gradient over all parameters; 0: any (0 to 1000000000)\n"
                              "clip_norm: 1\n"));
  std::istringstream lines(text);
  std::string previous;
  for (std::string line; std::getline(lines, line); previous = line) {
    const bool is_field = !line.empty() && line[0] != '#';
    EXPECT_TRUE(!is_field || previous.starts_with("# ")) << line;
  }
}

TEST(TrainingPlanTest, RangesAreChecked) {
  EXPECT_THAT(ErrorOf("learning_rate: 0"), HasSubstr("above 0 to 1"));
  EXPECT_THAT(ErrorOf("learning_rate: .nan"), HasSubstr("learning_rate is nan"));
  EXPECT_THAT(ErrorOf("dropout: 1"), HasSubstr("from 0 to below 1"));
  EXPECT_THAT(ErrorOf("beta2: 1.0"), HasSubstr("beta2 is 1"));
  EXPECT_THAT(ErrorOf("promised_precision: 1"), HasSubstr("from 0 to below 1"));
  EXPECT_THAT(ErrorOf("schedule: step"), HasSubstr("linear, cosine, polynomial, constant"));
  EXPECT_THAT(ErrorOf("mode: last-0"), HasSubstr("full, head, lora or last-N"));
  EXPECT_THAT(ErrorOf("sampling: fair"), HasSubstr("natural, balanced, sqrt-balanced"));
  EXPECT_THAT(ErrorOf("precision: fp16"), HasSubstr("auto, fp32, bf16"));
  EXPECT_THAT(ErrorOf("freeze_embeddings: maybe"), HasSubstr("true or false"));
  EXPECT_THAT(ErrorOf("lora_rank: 0"), HasSubstr("from 1 to 1024"));
  EXPECT_THAT(ErrorOf("layer_decay: 0"), HasSubstr("above 0 to 1"));
  EXPECT_THAT(ErrorOf("device: gpu"), HasSubstr("auto, cpu, cuda or cuda:N"));
  EXPECT_THAT(ErrorOf("token_dropout: 0.1\nmode: head"), HasSubstr("token_dropout"));
}

TEST(TrainingPlanTest, AMissingFileIsNamed) {
  const auto plan = ReadTrainingPlan("/nowhere/plan.yaml");
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("/nowhere/plan.yaml"));
}

}  // namespace
}  // namespace guichet
