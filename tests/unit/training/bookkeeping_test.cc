// The decisions of training that are pure functions.

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/training/active_vocabulary.h"
#include "model/training/class_balance.h"
#include "model/training/early_stopping.h"
#include "model/training/optimizer_schedule.h"
#include "model/training/parameter_role.h"
#include "model/training/scratch_config.h"
#include "tests/unit/training/training_fixture.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::IsEmpty;

TEST(ClassBalanceTest, RareLabelsWeighMoreAndAbsentOnesNothing) {
  const std::vector<int> labels = {0, 0, 0, 1};
  const auto counts = CountLabels(labels, 3);
  EXPECT_THAT(counts, ElementsAre(3, 1, 0));
  EXPECT_THAT(ClassWeights(counts, ClassWeighting::kNone), IsEmpty());
  EXPECT_THAT(ClassWeights(counts, ClassWeighting::kInverse),
              ElementsAre(FloatEq(4.0F / 9.0F), FloatEq(4.0F / 3.0F), 0.0F));
  EXPECT_THAT(ClassWeights(counts, ClassWeighting::kSqrtInverse),
              ElementsAre(FloatEq(2.0F / 3.0F), FloatEq(1.1547005F), 0.0F));
}

TEST(EarlyStoppingTest, GivesUpAfterPatienceScoresWithoutImprovement) {
  EarlyStopping stopping(2, 0.01);
  EXPECT_TRUE(stopping.Improves(0.5));
  EXPECT_TRUE(stopping.Improves(0.505));  // the best, but within min_delta
  EXPECT_FALSE(stopping.GivesUp());
  EXPECT_TRUE(stopping.Improves(0.52));
  EXPECT_FALSE(stopping.Improves(0.4));
  EXPECT_FALSE(stopping.Improves(0.52));
  EXPECT_TRUE(stopping.GivesUp());
}

TEST(EarlyStoppingTest, WithoutPatienceItNeverGivesUpAndEvenZeroIsAFirstScore) {
  EarlyStopping stopping(0, 0.0);
  EXPECT_TRUE(stopping.Improves(0.0));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(stopping.Improves(0.0));
  EXPECT_FALSE(stopping.GivesUp());
}

TEST(OptimizerScheduleTest, WarmUpIsRoundedUp) {
  TrainingPlan plan;
  plan.warmup_ratio = 0.06;
  EXPECT_EQ(ScheduleOf(plan, 60).warmup_steps, 4);
  plan.warmup_ratio = 0.0;
  EXPECT_EQ(ScheduleOf(plan, 60).At(0), plan.learning_rate);
}

TEST(OptimizerScheduleTest, WarmUpOfTheWholeRunDividesByNothing) {
  for (const auto kind : {LearningRateSchedule::kLinear, LearningRateSchedule::kCosine,
                          LearningRateSchedule::kPolynomial, LearningRateSchedule::kConstant}) {
    const OptimizerSchedule schedule{
        .kind = kind, .learning_rate = 1.0, .warmup_steps = 5, .total_steps = 5};
    EXPECT_TRUE(schedule.At(5) >= 0.0 && schedule.At(5) <= 1.0);
  }
}

TEST(ParameterRoleTest, BiasesAndNormsDoNotDecay) {
  const BartConfig config = TinyConfig();
  const auto decays = [&](const char* name) { return RoleOf(name, config, {}).decays; };
  EXPECT_TRUE(decays("model.shared.weight"));
  EXPECT_TRUE(decays("model.encoder.embed_positions.weight"));
  EXPECT_TRUE(decays("model.encoder.layers.0.fc1.weight"));
  EXPECT_FALSE(decays("model.encoder.layers.0.fc1.bias"));
  EXPECT_FALSE(decays("model.encoder.layers.0.self_attn_layer_norm.weight"));
  EXPECT_FALSE(decays("model.encoder.layernorm_embedding.weight"));
  EXPECT_FALSE(decays("model.encoder.layer_norm.weight"));
}

TEST(ParameterRoleTest, LastLayersCountFromTheTopOfTheDecoderDown) {
  BartConfig config = TinyConfig();
  config.pooling.reset();
  const auto trained = [&](const char* name, int layers) {
    return RoleOf(name, config, {TrainedPart::Kind::kLastLayers, layers}).trained;
  };
  EXPECT_TRUE(trained("model.decoder.layers.1.fc1.weight", 1));
  EXPECT_FALSE(trained("model.decoder.layers.0.fc1.weight", 1));
  EXPECT_TRUE(trained("model.decoder.layer_norm.weight", 1));
  EXPECT_FALSE(trained("model.encoder.layer_norm.weight", 2));
  EXPECT_TRUE(trained("model.encoder.layer_norm.weight", 3));
  EXPECT_TRUE(trained("model.encoder.layers.1.fc1.weight", 3));
  EXPECT_FALSE(trained("model.encoder.layers.0.fc1.weight", 3));
  EXPECT_FALSE(trained("model.shared.weight", 99));
  EXPECT_TRUE(trained("classification_head.dense.bias", 1));
}

TEST(ActiveVocabularyTest, GathersAndScattersTheRowsOfItsTokens) {
  BartConfig config = TinyConfig();
  config.vocab_size = 6;
  config.d_model = 1;
  auto tensors = std::make_shared<OwnedTensors>();
  tensors->Add("model.shared.weight", {6, 1}, {0, 10, 20, 30, 40, 50});
  const ModelWeights original = ToModelWeights(tensors);
  const ActiveVocabulary vocabulary(config, {4, 4});
  EXPECT_THAT(vocabulary.tokens(), ElementsAre(0, 1, 2, 4));
  EXPECT_EQ(vocabulary.config().vocab_size, 4);
  const auto gathered = vocabulary.Gather(original);
  ASSERT_TRUE(gathered.ok()) << gathered.status();
  EXPECT_THAT(ReadFloats(gathered->tensors.at("model.shared.weight")).value(),
              ElementsAre(0, 10, 20, 40));

  OwnedTensors trained;
  trained.Add("model.shared.weight", {4, 1}, {1, 11, 21, 41});
  const auto full = vocabulary.Scatter(trained, {&original, 0.5});
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_THAT(ReadFloats((*full)->tensors().at("model.shared.weight")).value(),
              ElementsAre(1, 11, 21, 15, 41, 25));
}

TEST(ActiveVocabularyTest, BatchesAreInRowNumbers) {
  const ActiveVocabulary vocabulary(TinyConfig(), {50, 7});
  const std::vector<TokenId> text = {0, 7, 50, 2};
  const std::vector<std::span<const TokenId>> rows = {text};
  EXPECT_THAT(vocabulary.Map(PadRows(rows, 1))->ids, ElementsAre(0, 3, 4, 2));
  const std::vector<TokenId> other = {0, 8, 2};
  const std::vector<std::span<const TokenId>> unknown = {other};
  EXPECT_FALSE(vocabulary.Map(PadRows(unknown, 1)).ok());
}

TEST(ScratchConfigTest, ASmallModelIsValidAndItsPlanToo) {
  const auto config = SmallConfig({}, {"a", "b", "c"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->head(), HeadKind::kEncoder);
  EXPECT_EQ(config->num_labels(), 3);
  EXPECT_TRUE(SmallModelPlan().Validate().ok());
  SmallModelOptions odd;
  odd.d_model = 130;
  EXPECT_FALSE(SmallConfig(odd, {"a"}).ok());
}

}  // namespace
}  // namespace guichet
