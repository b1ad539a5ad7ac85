#include "model/training/training_checkpoint.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/training/trainer.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/training/training_fixture.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A run that is cut after a chosen number of updates and taken up again.
class TrainingCheckpointTest : public ::testing::Test {
 protected:
  // Everything on that holds a state of its own between updates.
  TrainingCheckpointTest() {
    plan_.token_dropout = 0.2;
    plan_.ema_decay = 0.9;
    plan_.r_drop = 0.5;
    plan_.accumulate = 2;
    plan_.epochs = 3;
    plan_.patience = 2;
  }

  // Stops after `updates` more updates; never with a negative number.
  absl::StatusOr<TrainingResult> Run(int updates, const fs::path& folder) {
    TrainingObserver observer;
    int done = 0;
    observer.on_step = [&](const TrainingProgress&) { ++done; };
    CheckpointOptions checkpoints{.folder = folder, .interval = interval_, .suspend = {}};
    checkpoints.suspend = [&] { return done == updates; };
    return Train(
        {.plan = plan_, .config = TinyConfig(), .training = training_, .validation = validation_},
        observer, checkpoints);
  }

  // The only checkpoint in a run's folder.
  static fs::path Newest(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename().string().starts_with("update-")) return entry.path();
    }
    return {};
  }

  TempFolder folder_;
  TrainingPlan plan_ = TinyPlan();
  std::chrono::milliseconds interval_ = std::chrono::hours(1);
  std::vector<TrainingExample> training_ = TinyExamples(60, 1);
  std::vector<TrainingExample> validation_ = TinyExamples(40, 2);
};

TEST_F(TrainingCheckpointTest, AnInterruptedRunEndsAtTheSameWeights) {
  const auto whole = Run(-1, {});
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_EQ(whole->updates, 12);
  for (int cut = 1; cut <= whole->updates; ++cut) {
    const fs::path folder = folder_.path() / std::to_string(cut);
    const auto first = Run(cut, folder);
    ASSERT_EQ(first.status().code(), absl::StatusCode::kAborted) << cut << ' ' << first.status();
    const auto resumed = Run(-1, folder);
    ASSERT_TRUE(resumed.ok()) << cut << ' ' << resumed.status();
    EXPECT_EQ(resumed->weights_sha256, whole->weights_sha256) << cut;
    EXPECT_EQ(resumed->updates, whole->updates);
    EXPECT_EQ(resumed->tokens, whole->tokens);
    EXPECT_EQ(resumed->best_epoch, whole->best_epoch);
    EXPECT_EQ(resumed->temperature, whole->temperature);
    ASSERT_EQ(resumed->history.size(), whole->history.size());
    EXPECT_EQ(resumed->history.back().training_loss, whole->history.back().training_loss);
  }
}

TEST_F(TrainingCheckpointTest, ARunCutAfterEveryUpdateEndsAtTheSameWeights) {
  const auto whole = Run(-1, {});
  ASSERT_TRUE(whole.ok()) << whole.status();
  int runs = 0;
  auto result = Run(1, folder_.path());
  while (absl::IsAborted(result.status()) && runs < 20) {
    ++runs;
    result = Run(1, folder_.path());
  }
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(runs, 12);
  EXPECT_EQ(result->weights_sha256, whole->weights_sha256);
}

TEST_F(TrainingCheckpointTest, OnlyTheLastCheckpointStays) {
  interval_ = std::chrono::milliseconds(0);
  ASSERT_TRUE(Run(-1, folder_.path()).ok());
  int checkpoints = 0;
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    checkpoints += entry.path().filename().string().starts_with("update-") ? 1 : 0;
  }
  EXPECT_EQ(checkpoints, 1);
  EXPECT_EQ(Newest(folder_.path()).filename(), "update-12");
}

TEST_F(TrainingCheckpointTest, WritesNothingUnlessAsked) {
  ASSERT_TRUE(Run(-1, folder_.path()).ok());
  EXPECT_TRUE(Newest(folder_.path()).empty());  // an hour has not passed
}

TEST_F(TrainingCheckpointTest, WhatAKilledWriterLeftIsRemoved) {
  ASSERT_TRUE(absl::IsAborted(Run(5, folder_.path()).status()));
  fs::create_directory(folder_.path() / ".update-9.staging-0123");
  ASSERT_TRUE(Run(-1, folder_.path()).ok());
  EXPECT_FALSE(fs::exists(folder_.path() / ".update-9.staging-0123"));
}

TEST_F(TrainingCheckpointTest, RefusesTheCheckpointOfAnotherRun) {
  ASSERT_TRUE(absl::IsAborted(Run(5, folder_.path()).status()));
  plan_.learning_rate *= 2;
  const auto other_plan = Run(-1, folder_.path());
  EXPECT_EQ(other_plan.status().code(), absl::StatusCode::kFailedPrecondition);
  plan_.learning_rate /= 2;
  training_.back().label = 1 - training_.back().label;
  EXPECT_EQ(Run(-1, folder_.path()).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(TrainingCheckpointTest, ADamagedCheckpointIsDataLossThatNamesIt) {
  for (const char* file : {"tensors.safetensors", "state.json"}) {
    const fs::path folder = folder_.path() / file;
    ASSERT_TRUE(absl::IsAborted(Run(5, folder).status()));
    const fs::path path = Newest(folder) / file;
    const auto size = fs::file_size(path);
    {
      std::fstream damage(path, std::ios::in | std::ios::out | std::ios::binary);
      damage.seekp(static_cast<std::streamoff>(size / 2));
      damage.put('\x7f');
    }
    auto read = Run(-1, folder);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << read.status();
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("update-5"));
    fs::resize_file(path, size / 2);
    EXPECT_EQ(Run(-1, folder).status().code(), absl::StatusCode::kDataLoss);
    fs::remove(path);
    EXPECT_EQ(Run(-1, folder).status().code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace guichet
