#include "model/training/trainer.h"

#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "model/network/owned_tensors.h"
#include "model/network/sequence_classifier.h"
#include "tests/unit/training/training_fixture.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class TrainerTest : public ::testing::Test {
 protected:
  absl::StatusOr<TrainingResult> Run(const ModelWeights* base = nullptr) {
    return Train({.plan = plan_,
                  .config = config_,
                  .base = base,
                  .training = training_,
                  .validation = validation_},
                 observer_, checkpoints_);
  }

  // The names of the tensors whose values differ between two sets of weights.
  static std::vector<std::string> Changed(const ModelWeights& before, const ModelWeights& after) {
    std::vector<std::string> names;
    for (const auto& [name, view] : before.tensors) {
      if (ReadFloats(view).value() != ReadFloats(after.tensors.at(name)).value()) {
        names.push_back(name);
      }
    }
    return names;
  }

  BartConfig config_ = TinyConfig();
  TrainingPlan plan_ = TinyPlan();
  TrainingObserver observer_;
  CheckpointOptions checkpoints_;
  std::vector<TrainingExample> training_ = TinyExamples(120, 1);
  std::vector<TrainingExample> validation_ = TinyExamples(60, 2);
};

TEST_F(TrainerTest, LearnsAndReportsTheBestEpoch) {
  plan_.epochs = 8;
  plan_.patience = 0;
  plan_.learning_rate = 1e-2;
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_THAT(result->history, SizeIs(8));
  EXPECT_EQ(result->updates, 120);
  ASSERT_TRUE(result->validation.has_value());
  EXPECT_GT(result->validation->macro.f1, 0.95);
  EXPECT_EQ(result->validation->macro.f1,
            *result->history.at(static_cast<std::size_t>(result->best_epoch - 1)).macro_f1);
  EXPECT_GT(result->temperature, 0.0);
  EXPECT_EQ(result->device, "cpu");
  EXPECT_EQ(result->weights_sha256, HashWeights(result->weights.tensors).value());
}

TEST_F(TrainerTest, ExportedWeightsGiveTheReportedAnswers) {
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  const auto network = SequenceClassifier::Load(config_, result->weights, 0);
  ASSERT_TRUE(network.ok()) << network.status();
  int right = 0;
  for (const TrainingExample& example : validation_) {
    const std::span<const TokenId> row(example.ids);
    const auto output = network->Forward(PadRows(std::span(&row, 1), 1));
    ASSERT_TRUE(output.ok()) << output.status();
    right += (output->logits[1] > output->logits[0]) == (example.label == 1) ? 1 : 0;
  }
  EXPECT_DOUBLE_EQ(right / 60.0, result->validation->accuracy);
}

TEST_F(TrainerTest, TheSameSeedGivesTheSameWeightsWithAllOptionsOn) {
  plan_.token_dropout = 0.2;
  plan_.ema_decay = 0.9;
  plan_.r_drop = 0.5;
  plan_.label_smoothing = 0.1;
  plan_.class_weights = ClassWeighting::kSqrtInverse;
  plan_.attention_dropout = 0.1;
  plan_.accumulate = 2;
  const std::string first = Run()->weights_sha256;
  EXPECT_EQ(first, Run()->weights_sha256);
  plan_.seed = 8;
  EXPECT_NE(first, Run()->weights_sha256);
}

TEST_F(TrainerTest, TwoThreadsAreRepeatableToo) {
  plan_.threads = 2;
  plan_.epochs = 1;
  EXPECT_EQ(Run()->weights_sha256, Run()->weights_sha256);
}

TEST_F(TrainerTest, StopsWhenTheScoreNoLongerGrows) {
  plan_.epochs = 20;
  plan_.patience = 2;
  plan_.min_delta = 1.0;  // only the first score is ever an improvement
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->stopped_early);
  EXPECT_THAT(result->history, SizeIs(3));
  EXPECT_EQ(result->best_epoch, 1);
}

TEST_F(TrainerTest, WithoutValidationTheLastEpochIsTaken) {
  validation_.clear();
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->best_epoch, 3);
  EXPECT_FALSE(result->validation.has_value());
  EXPECT_FALSE(result->history.front().macro_f1.has_value());
}

TEST_F(TrainerTest, CancellationEndsTheRunBeforeTheNextUpdate) {
  int updates = 0;
  observer_.on_step = [&](const TrainingProgress& progress) { updates = progress.step; };
  observer_.cancelled = [&] { return updates == 4; };
  const auto result = Run();
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("after 4 of 45"));
  EXPECT_EQ(updates, 4);
}

TEST_F(TrainerTest, ProgressCountsUpAndEndsWithNothingLeft) {
  std::vector<TrainingProgress> all;
  observer_.on_step = [&](const TrainingProgress& progress) { all.push_back(progress); };
  ASSERT_TRUE(Run().ok());
  ASSERT_THAT(all, SizeIs(45));
  EXPECT_EQ(all.front().step, 1);
  EXPECT_EQ(all.front().epoch, 1);
  EXPECT_EQ(all.back().epoch, 3);
  EXPECT_EQ(all.back().total_steps, 45);
  EXPECT_EQ(all.back().remaining.count(), 0.0);
  EXPECT_GT(all.back().tokens_per_second, 0.0);
}

TEST_F(TrainerTest, HeadModeChangesTheHeadAlone) {
  const ModelWeights base = SequenceClassifier::Initialise(config_, 1)->Export();
  plan_.mode = ParseTrainedPart("head").value();
  const auto result = Run(&base);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Changed(base, result->weights),
              ::testing::UnorderedElementsAre(
                  "classification_head.dense.bias", "classification_head.dense.weight",
                  "classification_head.out_proj.bias", "classification_head.out_proj.weight"));
}

TEST_F(TrainerTest, LastLayersModeLeavesWhatIsBelowAlone) {
  config_.pooling.reset();
  const ModelWeights base = SequenceClassifier::Initialise(config_, 1)->Export();
  plan_.mode = ParseTrainedPart("last-3").value();
  plan_.epochs = 1;
  const auto result = Run(&base);
  ASSERT_TRUE(result.ok()) << result.status();
  bool decoder_bottom = false;
  bool encoder_top = false;
  for (const std::string& name : Changed(base, result->weights)) {
    EXPECT_FALSE(name.starts_with("model.encoder.layers.0.")) << name;
    EXPECT_EQ(name.find("embed"), std::string::npos) << name;
    decoder_bottom = decoder_bottom || name.starts_with("model.decoder.layers.0.");
    encoder_top = encoder_top || name.starts_with("model.encoder.layers.1.");
  }
  EXPECT_TRUE(decoder_bottom);
  EXPECT_TRUE(encoder_top);
}

TEST_F(TrainerTest, LoraChangesQueriesValuesAndTheHeadAndIsMerged) {
  const ModelWeights base = SequenceClassifier::Initialise(config_, 1)->Export();
  plan_.mode = ParseTrainedPart("lora").value();
  plan_.lora_rank = 2;
  plan_.epochs = 8;
  plan_.learning_rate = 2e-2;
  const auto result = Run(&base);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->weights.tensors.size(), base.tensors.size());
  std::vector<std::string> body;
  for (const std::string& name : Changed(base, result->weights)) {
    if (!name.starts_with("classification_head.")) body.push_back(name);
  }
  const std::string layer = "model.encoder.layers.";
  EXPECT_THAT(body, ::testing::UnorderedElementsAre(
                        layer + "0.self_attn.q_proj.weight", layer + "0.self_attn.v_proj.weight",
                        layer + "1.self_attn.q_proj.weight", layer + "1.self_attn.v_proj.weight"));
  EXPECT_GT(result->validation->macro.f1, 0.9);
}

TEST_F(TrainerTest, MergedAdaptersAnswerAsTheReportSays) {
  plan_.mode = ParseTrainedPart("lora").value();
  const ModelWeights base = SequenceClassifier::Initialise(config_, 1)->Export();
  const auto result = Run(&base);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto network = SequenceClassifier::Load(config_, result->weights, 0);
  ASSERT_TRUE(network.ok()) << network.status();
  int right = 0;
  for (const TrainingExample& example : validation_) {
    const std::span<const TokenId> row(example.ids);
    const auto output = network->Forward(PadRows(std::span(&row, 1), 1));
    right += (output->logits[1] > output->logits[0]) == (example.label == 1) ? 1 : 0;
  }
  EXPECT_DOUBLE_EQ(right / 60.0, result->validation->accuracy);
}

TEST_F(TrainerTest, FrozenEmbeddingsStay) {
  const ModelWeights base = SequenceClassifier::Initialise(config_, 1)->Export();
  plan_.freeze_embeddings = true;
  plan_.epochs = 1;
  const auto result = Run(&base);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::vector<std::string> changed = Changed(base, result->weights);
  for (const std::string& name : changed) EXPECT_EQ(name.find("embed"), std::string::npos) << name;
  EXPECT_THAT(changed, ::testing::Not(::testing::Contains("model.shared.weight")));
  EXPECT_THAT(changed, ::testing::Contains("model.encoder.layers.0.fc1.weight"));
}

TEST_F(TrainerTest, Bf16LearnsAsWell) {
  plan_.precision = Precision::kBf16;
  plan_.epochs = 8;
  plan_.patience = 0;
  plan_.learning_rate = 1e-2;
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->validation->macro.f1, 0.9);
  EXPECT_EQ(result->weights_sha256, Run()->weights_sha256);
}

TEST_F(TrainerTest, BalancedSamplingIsRepeatableAndShowsRareLabelsMore) {
  plan_.sampling = Sampling::kBalanced;
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->updates, 45);  // an epoch is as long as before
  EXPECT_EQ(result->weights_sha256, Run()->weights_sha256);
  plan_.sampling = Sampling::kNatural;
  EXPECT_NE(result->weights_sha256, Run()->weights_sha256);
}

TEST_F(TrainerTest, SaysHowMuchMemoryItNeeds) {
  std::vector<MemoryNotice> notices;
  observer_.on_memory = [&](const MemoryNotice& notice) { notices.push_back(notice); };
  ASSERT_TRUE(Run().ok());
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_GT(notices[0].needed, 0);
  EXPECT_GT(notices[0].free.value_or(0), notices[0].needed);
}

// Bytes after `key` in /proc/self/status.
std::int64_t StatusBytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stoll(line.substr(key.size() + 1)) * 1024;
  }
  return 0;
}

TEST_F(TrainerTest, TheMemoryItSaysItNeedsIsWhatItTakes) {
  config_.d_model = 256;
  config_.encoder_attention_heads = config_.decoder_attention_heads = 4;
  config_.encoder_ffn_dim = config_.decoder_ffn_dim = 1024;
  config_.encoder_layers = config_.decoder_layers = 4;
  config_.max_position_embeddings = 64;
  config_.pooling.reset();
  plan_.batch_size = 32;
  plan_.epochs = 1;
  plan_.learning_rate = 1e-4;
  training_.clear();
  for (int i = 0; i < 32; ++i) {
    TrainingExample example{.ids = std::vector<TokenId>(64, 20), .label = i % 2};
    example.ids.back() = 2;
    training_.push_back(std::move(example));
  }
  validation_.clear();
  const ModelWeights base = SequenceClassifier::Initialise(config_, 1)->Export();
  for (const char* mode : {"full", "lora", "last-2", "head"}) {
    plan_.mode = ParseTrainedPart(mode).value();
    std::int64_t needed = 0;
    observer_.on_memory = [&](const MemoryNotice& notice) { needed = notice.needed; };
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
    const std::int64_t before = StatusBytes("VmRSS:");
    const auto result = Run(&base);
    ASSERT_TRUE(result.ok()) << result.status();
    const std::int64_t taken = StatusBytes("VmHWM:") - before;
    std::cout << mode << ": " << (needed >> 20) << " MB said, " << (taken >> 20) << " MB taken\n";
    EXPECT_LT(taken, needed + needed / 10 + (std::int64_t{32} << 20)) << mode;
    EXPECT_GT(taken, needed / 4) << mode;
  }
}

TEST_F(TrainerTest, ANotANumberLossIsAClearError) {
  ModelWeights base = SequenceClassifier::Initialise(config_, 1)->Export();
  const std::vector<float> broken(16, NAN);
  base.tensors["model.encoder.layer_norm.weight"].data = std::as_bytes(std::span(broken));
  const auto result = Run(&base);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("diverged"));
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("learning_rate"));
}

TEST_F(TrainerTest, LongTextsAreCutBeforeTheEnd) {
  plan_.max_tokens = 6;
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->truncated_examples, 0U);
}

TEST_F(TrainerTest, NamesTheExampleThatDoesNotFit) {
  training_[3].label = 2;
  EXPECT_THAT(std::string(Run().status().message()),
              HasSubstr("training example 3 has label 2; labels are 0 to 1"));
  training_[3].label = 0;
  validation_[5].ids[1] = 60;
  EXPECT_THAT(std::string(Run().status().message()), HasSubstr("validation example 5"));
  training_.clear();
  EXPECT_THAT(std::string(Run().status().message()), HasSubstr("no training examples"));
}

TEST_F(TrainerTest, ClassWeightsMakeAnUnevenPriorEven) {
  // A task that cannot be solved: the marker is hidden, so only the prior is left to learn.
  for (auto* examples : {&training_, &validation_}) {
    for (TrainingExample& example : *examples) example.ids[1] = 12;
  }
  plan_.dropout = 0.0;
  const auto plain = Run();
  plan_.class_weights = ClassWeighting::kInverse;
  const auto balanced = Run();
  ASSERT_TRUE(plain.ok() && balanced.ok());
  // Without weights the model settles on the prior, the most likely answer to such rows.
  EXPECT_LT(plain->history.back().validation_loss.value(),
            balanced->history.back().validation_loss.value());
  EXPECT_LT(plain->validation->per_label[1].scores.recall, 0.2);
}

}  // namespace
}  // namespace guichet
