#include "model/training/training_session.h"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/network/owned_tensors.h"
#include "model/network/sequence_classifier.h"
#include "tests/unit/training/training_fixture.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

class TrainingSessionTest : public ::testing::Test {
 protected:
  std::vector<TrainingBatch> Batches(int count) {
    std::vector<TrainingBatch> batches;
    const auto data = TrainingData::Make(TinyExamples(count * 8, 3), config_, 16).value();
    for (const auto& rows : data.ByLength(8)) batches.push_back(data.Batch(rows));
    return batches;
  }

  // The weights after an update a batch.
  ModelWeights After(const TrainingPlan& plan, const SessionOptions& options,
                     const std::vector<TrainingBatch>& batches) {
    auto session = TrainingSession::Create(config_, nullptr, plan, options).value();
    for (const TrainingBatch& batch : batches) {
      EXPECT_TRUE(session->Step(std::span(&batch, 1)).ok());
    }
    return session->Export().value();
  }

  static float Difference(const ModelWeights& a, const ModelWeights& b) {
    float largest = 0.0F;
    for (const auto& [name, view] : a.tensors) {
      const std::vector<float> x = ReadFloats(view).value();
      const std::vector<float> y = ReadFloats(b.tensors.at(name)).value();
      EXPECT_EQ(x.size(), y.size());
      for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
    }
    return largest;
  }

  BartConfig config_ = TinyConfig();
  TrainingPlan plan_ = TinyPlan();
};

TEST_F(TrainingSessionTest, LeavingOutUnusedWordsChangesNothing) {
  const auto batches = Batches(6);
  SessionOptions options;
  options.total_steps = 6;
  plan_.weight_decay = 0.5;
  for (const double ema : {0.0, 0.8}) {
    plan_.ema_decay = ema;
    const ModelWeights all = After(plan_, options, batches);
    SessionOptions some = options;
    for (const TrainingBatch& batch : batches) {
      some.tokens.insert(some.tokens.end(), batch.tokens.ids.begin(), batch.tokens.ids.end());
    }
    EXPECT_LT(Difference(all, After(plan_, some, batches)), 1e-6F) << "ema " << ema;
  }
}

TEST_F(TrainingSessionTest, WordsOfTheDataOnlyMustBeAnnounced) {
  SessionOptions options;
  options.tokens = {0, 2, 10};
  auto session = TrainingSession::Create(config_, nullptr, plan_, options).value();
  const auto batches = Batches(1);
  const auto result = session->Step(batches);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("announced"));
}

TEST_F(TrainingSessionTest, AccumulatedMicroBatchesEqualOneLargeBatch) {
  plan_.dropout = 0.0;
  plan_.warmup_ratio = 0.0;
  plan_.schedule = LearningRateSchedule::kConstant;
  const auto data = TrainingData::Make(TinyExamples(16, 3), config_, 16).value();
  const auto rows = data.ByLength(16).front();
  const std::span<const std::size_t> all(rows);
  const std::vector<TrainingBatch> halves = {data.Batch(all.first(8)), data.Batch(all.last(8))};
  const TrainingBatch whole = data.Batch(all);
  auto one = TrainingSession::Create(config_, nullptr, plan_, {}).value();
  auto two = TrainingSession::Create(config_, nullptr, plan_, {}).value();
  const auto large = one->Step(std::span(&whole, 1));
  const auto small = two->Step(halves);
  ASSERT_TRUE(large.ok() && small.ok());
  EXPECT_NEAR(large->loss, small->loss, 1e-6);
  EXPECT_NEAR(large->gradient_norm, small->gradient_norm, 1e-5);
}

TEST_F(TrainingSessionTest, TheAverageLagsBehindTheWeights) {
  SessionOptions options;
  options.total_steps = 6;
  const auto batches = Batches(6);
  const ModelWeights start = SequenceClassifier::Initialise(config_, plan_.seed)->Export();
  const ModelWeights plain = After(plan_, options, batches);
  plan_.ema_decay = 0.99;
  const ModelWeights averaged = After(plan_, options, batches);
  EXPECT_GT(Difference(plain, averaged), 0.0F);
  EXPECT_LT(Difference(start, averaged), Difference(start, plain));
}

TEST_F(TrainingSessionTest, LookingAtLogitsDoesNotChangeTraining) {
  plan_.ema_decay = 0.9;
  const auto batches = Batches(4);
  auto looked = TrainingSession::Create(config_, nullptr, plan_, {}).value();
  for (const TrainingBatch& batch : batches) {
    ASSERT_TRUE(looked->Step(std::span(&batch, 1)).ok());
    ASSERT_TRUE(looked->Logits(batch).ok());
  }
  EXPECT_EQ(HashWeights(looked->Export()->tensors).value(),
            HashWeights(After(plan_, {}, batches).tensors).value());
}

TEST_F(TrainingSessionTest, TheHeadLearnsAtItsOwnRate) {
  plan_.warmup_ratio = 0.0;
  plan_.weight_decay = 0.0;
  const auto batches = Batches(1);
  const ModelWeights start = SequenceClassifier::Initialise(config_, plan_.seed)->Export();
  const auto moved = [&](double multiplier) {
    plan_.head_learning_rate_multiplier = multiplier;
    const ModelWeights after = After(plan_, {}, batches);
    const std::string name = "classification_head.out_proj.bias";
    return std::abs(ReadFloats(after.tensors.at(name)).value()[0] -
                    ReadFloats(start.tensors.at(name)).value()[0]);
  };
  EXPECT_NEAR(moved(10.0) / moved(1.0), 10.0F, 0.01F);
}

TEST_F(TrainingSessionTest, LowerLayersLearnMoreSlowlyWithLayerDecay) {
  plan_.warmup_ratio = 0.0;
  plan_.weight_decay = 0.0;
  const auto batches = Batches(1);
  const ModelWeights start = SequenceClassifier::Initialise(config_, plan_.seed)->Export();
  const auto moved = [&](const std::string& name, double decay) {
    plan_.layer_decay = decay;
    const ModelWeights after = After(plan_, {}, batches);
    // The first position is row 2 of its table.
    const std::size_t place = name.ends_with("embed_positions.weight") ? 2 * 16 : 0;
    return std::abs(ReadFloats(after.tensors.at(name)).value()[place] -
                    ReadFloats(start.tensors.at(name)).value()[place]);
  };
  const auto ratio = [&](const std::string& name) { return moved(name, 0.5) / moved(name, 1.0); };
  EXPECT_NEAR(ratio("classification_head.out_proj.bias"), 1.0F, 0.01F);
  EXPECT_NEAR(ratio("model.encoder.layers.1.fc1.bias"), 1.0F, 0.01F);
  EXPECT_NEAR(ratio("model.encoder.layers.0.fc1.bias"), 0.5F, 0.01F);
  EXPECT_NEAR(ratio("model.encoder.embed_positions.weight"), 0.25F, 0.01F);
}

TEST_F(TrainingSessionTest, RefusesClassWeightsForOtherLabelsAndUnknownDevices) {
  SessionOptions options;
  options.class_weights = {1.0F, 2.0F, 3.0F};
  EXPECT_THAT(
      std::string(TrainingSession::Create(config_, nullptr, plan_, options).status().message()),
      HasSubstr("3 class weights for 2 labels"));
  plan_.device = "cuda:99";
  EXPECT_EQ(TrainingSession::Create(config_, nullptr, plan_, {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace guichet
