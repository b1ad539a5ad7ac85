// The decisions of training that are pure functions.

#include <algorithm>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/training/active_vocabulary.h"
#include "model/training/class_balance.h"
#include "model/training/early_stopping.h"
#include "model/training/memory_estimate.h"
#include "model/training/optimizer_schedule.h"
#include "model/training/parameter_role.h"
#include "model/training/scratch_config.h"
#include "tests/unit/training/training_fixture.h"

namespace guichet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
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
    TrainingPlan plan;
    plan.mode = {TrainedPart::Kind::kLastLayers, layers};
    return RoleOf(name, config, plan).trained;
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

TEST(ParameterRoleTest, DepthCountsFromTheHeadDown) {
  BartConfig config = TinyConfig();
  const auto depth = [&](const char* name) { return RoleOf(name, config, {}).depth; };
  EXPECT_EQ(depth("classification_head.out_proj.weight"), 0);
  EXPECT_EQ(depth("model.encoder.layer_norm.weight"), 0);
  EXPECT_EQ(depth("model.encoder.layers.1.fc1.weight"), 0);
  EXPECT_EQ(depth("model.encoder.layers.0.fc1.weight"), 1);
  EXPECT_EQ(depth("model.shared.weight"), 2);
  config.pooling.reset();
  EXPECT_EQ(depth("model.decoder.layers.0.encoder_attn.q_proj.weight"), 1);
  EXPECT_EQ(depth("model.encoder.layers.1.fc1.weight"), 2);
  EXPECT_EQ(depth("model.decoder.embed_positions.weight"), 4);
}

TEST(ParameterRoleTest, FrozenTablesAndAdaptersAlone) {
  TrainingPlan plan;
  plan.freeze_embeddings = true;
  const BartConfig config = TinyConfig();
  EXPECT_FALSE(RoleOf("model.shared.weight", config, plan).trained);
  EXPECT_FALSE(RoleOf("model.encoder.embed_positions.weight", config, plan).trained);
  EXPECT_FALSE(RoleOf("model.encoder.layernorm_embedding.bias", config, plan).trained);
  EXPECT_TRUE(RoleOf("model.encoder.layers.0.fc1.weight", config, plan).trained);
  plan.mode = ParseTrainedPart("lora").value();
  EXPECT_FALSE(RoleOf("model.encoder.layers.0.fc1.weight", config, plan).trained);
  EXPECT_TRUE(
      RoleOf("model.encoder.layers.0.self_attn.q_proj.lora_A.weight", config, plan).trained);
  EXPECT_TRUE(RoleOf("classification_head.dense.bias", config, plan).trained);
}

TEST(SampleRowsTest, NaturalIsEachOnce) {
  const std::vector<int> labels = {0, 1, 1, 0};
  EXPECT_THAT(SampleRows(labels, 2, Sampling::kNatural, 1), ElementsAre(0, 1, 2, 3));
}

TEST(SampleRowsTest, BalancedGivesEachLabelItsShareAndItsRowsAlike) {
  std::vector<int> labels(90, 0);
  labels.insert(labels.end(), 10, 1);  // and none of label 2
  const auto counted = [&](Sampling sampling) {
    std::vector<int> times(labels.size(), 0);
    for (const std::size_t row : SampleRows(labels, 3, sampling, 5)) ++times[row];
    return times;
  };
  const std::vector<int> balanced = counted(Sampling::kBalanced);
  EXPECT_EQ(std::accumulate(balanced.begin(), balanced.begin() + 90, 0), 50);
  for (std::size_t row = 90; row < 100; ++row) EXPECT_EQ(balanced[row], 5);
  EXPECT_EQ(*std::max_element(balanced.begin(), balanced.begin() + 90), 1);
  const std::vector<int> root = counted(Sampling::kSqrtBalanced);
  EXPECT_EQ(std::accumulate(root.begin() + 90, root.end(), 0), 25);  // √10 of √90 + √10
  EXPECT_EQ(SampleRows(labels, 3, Sampling::kBalanced, 5),
            SampleRows(labels, 3, Sampling::kBalanced, 5));
  EXPECT_NE(SampleRows(labels, 3, Sampling::kBalanced, 5),
            SampleRows(labels, 3, Sampling::kBalanced, 6));
}

TEST(MemoryEstimateTest, CountsWhatEachModeKeeps) {
  BartConfig config = TinyConfig();
  config.vocab_size = 50'000;
  config.d_model = 768;
  config.encoder_layers = 6;
  config.encoder_ffn_dim = 3072;
  config.max_position_embeddings = 1024;
  const MemoryLoad load{.words = 50'000, .batch_tokens = 2048, .longest = 128};
  TrainingPlan plan;
  const MemoryEstimate full = EstimateMemory(config, plan, load);
  // 50,000 words, 1,026 positions, six layers of 7.09 million, the head.
  EXPECT_NEAR(static_cast<double>(full.trained_parameters), 82.3e6, 0.5e6);
  EXPECT_EQ(full.learning, 12 * full.trained_parameters);
  plan.mode = ParseTrainedPart("lora").value();
  const MemoryEstimate lora = EstimateMemory(config, plan, load);
  // Rank 8 beside query and value of six attentions, and the head.
  EXPECT_EQ(lora.trained_parameters, 6 * 2 * 2 * 768 * 8 + 768 * 768 + 768 + 768 * 2 + 2);
  EXPECT_LT(lora.learning, full.learning / 50);
  EXPECT_LT(lora.Total(), full.Total());
}

TEST(MemoryEstimateTest, TooLittleIsAClearError) {
  const MemoryEstimate estimate{.weights = 600'000'000, .learning = 1'800'000'000};
  EXPECT_TRUE(CheckMemory(estimate, {}, 2'400'000'000).ok());
  const absl::Status refused = CheckMemory(estimate, {}, 1'100'000'000);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("needs about 2.4 GB"), HasSubstr("1.1 GB is free"),
                    HasSubstr("use mode lora or head")));
}

TEST(MemoryEstimateTest, AGpuNeedsRoomForWhatIsKeptThere) {
  const MemoryEstimate estimate{
      .weights = 600'000'000, .learning = 1'800'000'000, .activations = 5'000'000'000};
  EXPECT_TRUE(CheckDeviceMemory(estimate, {}, 2'400'000'000).ok());
  const absl::Status refused = CheckDeviceMemory(estimate, {}, 1'100'000'000);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("keeps 2.4 GB on the GPU"), HasSubstr("1.1 GB is free"),
                    HasSubstr("use mode lora or head, or set device to cpu")));
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
