// Several members of one run, here threads of one process that meet over loopback as processes do.

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/training/launch_place.h"
#include "model/training/process_group.h"
#include "model/training/trainer.h"
#include "tests/support/free_port.h"
#include "tests/unit/training/training_fixture.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

// What a member saw: its losses and its result.
struct Member {
  std::vector<double> losses;
  absl::StatusOr<TrainingResult> result = absl::UnknownError("not run");
};

class ManyProcessesTest : public ::testing::Test {
 protected:
  ManyProcessesTest() {
    plan_.dropout = 0.0;  // masks differ between members
    plan_.epochs = 2;
  }

  void Train(Member& member, ProcessGroup* peers) {
    TrainingObserver observer;
    observer.on_step = [&](const TrainingProgress& step) { member.losses.push_back(step.loss); };
    member.result = ::guichet::Train({.plan = plan_,
                                      .config = config_,
                                      .training = training_,
                                      .validation = validation_,
                                      .peers = peers},
                                     observer);
  }

  std::vector<Member> RunMembers(int count) {
    std::vector<Member> members(static_cast<std::size_t>(count));
    const int port = FreePort();
    std::vector<std::thread> threads;
    for (int rank = 0; rank < count; ++rank) {
      threads.emplace_back([&, rank] {
        Member& member = members[static_cast<std::size_t>(rank)];
        const auto peers =
            ProcessGroup::Join({.rank = rank, .world_size = count, .master_port = port});
        if (peers.ok()) {
          Train(member, peers->get());
        } else {
          member.result = peers.status();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return members;
  }

  // Members' losses against those of one alone; and that all ended with the same weights.
  void ExpectTheCurveOfOne(int count) {
    Member alone;
    Train(alone, nullptr);
    ASSERT_TRUE(alone.result.ok()) << alone.result.status();
    const std::vector<Member> members = RunMembers(count);
    for (const Member& member : members) {
      ASSERT_TRUE(member.result.ok()) << member.result.status();
      ASSERT_EQ(member.losses.size(), alone.losses.size());
      for (std::size_t i = 0; i < alone.losses.size(); ++i) {
        EXPECT_NEAR(member.losses[i], alone.losses[i], 1e-5) << "update " << i;
      }
      EXPECT_EQ(member.result->weights_sha256, members[0].result->weights_sha256);
      EXPECT_EQ(member.result->best_epoch, alone.result->best_epoch);
    }
  }

  BartConfig config_ = TinyConfig();
  TrainingPlan plan_ = TinyPlan();
  std::vector<TrainingExample> training_ = TinyExamples(117, 1);  // the last batch is uneven
  std::vector<TrainingExample> validation_ = TinyExamples(61, 2);
};

TEST_F(ManyProcessesTest, TwoHaveTheLossesOfOne) { ExpectTheCurveOfOne(2); }

TEST_F(ManyProcessesTest, ThreeWithWeightsAccumulationAndAnAverage) {
  plan_.class_weights = ClassWeighting::kInverse;
  plan_.label_smoothing = 0.1;
  plan_.accumulate = 2;
  plan_.ema_decay = 0.9;
  plan_.token_dropout = 0.1;
  ExpectTheCurveOfOne(3);
}

TEST_F(ManyProcessesTest, TwoWithADecoderAndFewerRowsThanProcesses) {
  config_.pooling.reset();
  training_ = TinyExamples(9, 1);  // the second batch has one row
  ExpectTheCurveOfOne(2);
}

TEST_F(ManyProcessesTest, TwoWithUntiedWordsOfWhichOneTableIsNeverRead) {
  config_.tie_word_embeddings = false;
  ExpectTheCurveOfOne(2);
}

TEST_F(ManyProcessesTest, TwoTrainTheHeadOnSharedFeatures) {
  plan_.mode = ParseTrainedPart("head").value();
  ExpectTheCurveOfOne(2);
}

TEST_F(ManyProcessesTest, WithDropoutMembersStillAgree) {
  plan_.dropout = 0.1;
  const auto members = RunMembers(2);
  ASSERT_TRUE(members[0].result.ok()) << members[0].result.status();
  EXPECT_EQ(members[0].result->weights_sha256, members[1].result->weights_sha256);
  EXPECT_EQ(members[0].result->weights_sha256, RunMembers(2)[0].result->weights_sha256);
}

TEST_F(ManyProcessesTest, NoTwoShareAGpu) {
  plan_.device = "cuda:1";
  EXPECT_THAT(std::string(RunMembers(2)[0].result.status().message()),
              HasSubstr("device is cuda:1 for several processes"));
}

absl::StatusOr<std::optional<LaunchPlace>> PlaceIn(std::map<std::string, std::string> variables) {
  return PlaceFromEnvironment([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(LaunchPlaceTest, ReadsTorchrunsVariables) {
  const auto place = PlaceIn(
      {{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "node-0"}, {"MASTER_PORT", "29501"}});
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ((*place)->rank, 1);
  EXPECT_EQ((*place)->world_size, 2);
  EXPECT_EQ((*place)->master_address, "node-0");
  EXPECT_EQ((*place)->master_port, 29501);
  EXPECT_EQ((*place)->local_rank, 0);
}

TEST(LaunchPlaceTest, ReadsThePlaceOnTheMachine) {
  std::map<std::string, std::string> variables = {{"RANK", "5"},
                                                  {"WORLD_SIZE", "8"},
                                                  {"MASTER_ADDR", "node-0"},
                                                  {"MASTER_PORT", "29501"},
                                                  {"LOCAL_RANK", "1"}};
  const auto place = PlaceIn(variables);
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ((*place)->local_rank, 1);
  variables["LOCAL_RANK"] = "6";
  EXPECT_THAT(std::string(PlaceIn(variables).status().message()),
              HasSubstr("LOCAL_RANK is '6'; it must be a whole number from 0 to 5"));
}

TEST(LaunchPlaceTest, ReadsKubeflowsVariables) {
  const auto place = PlaceIn({{"PET_NODE_RANK", "2"},
                              {"PET_NNODES", "3"},
                              {"PET_NPROC_PER_NODE", "1"},
                              {"PET_MASTER_ADDR", "job-node-0-0"},
                              {"PET_MASTER_PORT", "29500"}});
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ((*place)->rank, 2);
  EXPECT_EQ((*place)->world_size, 3);
}

TEST(LaunchPlaceTest, OneProcessNeedsNobody) {
  EXPECT_FALSE(PlaceIn({})->has_value());
  EXPECT_FALSE(PlaceIn({{"WORLD_SIZE", "1"}})->has_value());
}

TEST(LaunchPlaceTest, ErrorsNameTheVariable) {
  const auto error = [](std::map<std::string, std::string> variables) {
    return std::string(PlaceIn(std::move(variables)).status().message());
  };
  EXPECT_THAT(error({{"WORLD_SIZE", "2"}}), HasSubstr("RANK is not set"));
  EXPECT_THAT(error({{"WORLD_SIZE", "2"}, {"RANK", "2"}}), HasSubstr("from 0 to 1"));
  EXPECT_THAT(error({{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_PORT", "x"}}),
              HasSubstr("MASTER_PORT is 'x'"));
  EXPECT_THAT(error({{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_PORT", "29500"}}),
              HasSubstr("MASTER_ADDR is not set"));
  EXPECT_THAT(error({{"PET_NNODES", "2"}, {"PET_NPROC_PER_NODE", "4"}}),
              HasSubstr("PET_NPROC_PER_NODE is '4'"));
}

}  // namespace
}  // namespace guichet
