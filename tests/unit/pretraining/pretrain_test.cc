#include "model/pretraining/pretrain.h"

#include <algorithm>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/checkpoint/checkpoint.h"
#include "model/network/owned_tensors.h"
#include "model/pretraining/corpus_vocabulary.h"
#include "model/pretraining/run_pretraining.h"
#include "tests/support/small_corpus.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Whole runs of a tiny model over some hundred tickets.
class PretrainTest : public ::testing::Test {
 protected:
  // One corpus and one vocabulary for all.
  static void SetUpTestSuite() {
    shared_ = new TempFolder();
    WriteSmallCorpus(Corpus(), 500);
    PretrainingPlan plan;
    plan.vocabulary_size = 500;
    ASSERT_EQ(MakeVocabulary({Corpus()}, plan, shared_->path() / "vocabulary", {}),
              absl::OkStatus());
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  static fs::path Corpus() { return shared_->path() / "corpus.txt"; }

  PretrainTest() { std::ofstream(folder_.path() / "config.json") << kTinyModelJson; }

  PretrainingJob Job(const std::string& name) const {
    PretrainingJob job;
    job.corpus = {Corpus()};
    job.tokenizer = (shared_->path() / "vocabulary").string();
    job.scratch = folder_.path() / "config.json";
    job.out = folder_.path() / name;
    job.state = folder_.path() / (name + ".state");
    job.checkpoint_interval = std::chrono::hours(1);
    PretrainingPlan& plan = job.plan;
    plan.updates = 60;
    plan.batch_tokens = 512;
    plan.heldout_share = 0.1;
    plan.heldout_every = 20;
    plan.samples = 1;
    plan.learning.max_tokens = 48;
    plan.learning.learning_rate = 5e-3;
    plan.learning.threads = 1;
    plan.learning.device = "cpu";
    return job;
  }

  static PretrainingOutcome Run(const PretrainingJob& job,
                                const PretrainingJobObserver& observer = {}) {
    auto outcome = RunPretraining(job, observer);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *std::move(outcome) : PretrainingOutcome{};
  }

  TempFolder folder_;
  static inline TempFolder* shared_ = nullptr;
};

TEST_F(PretrainTest, LowersTheHeldOutLossAndShowsSamples) {
  std::string said;
  const PretrainingJobObserver observer{
      .on_line = [&](const std::string& line) { said += line + "\n"; },
      .on_step = {},
      .interrupted = {}};
  const PretrainingOutcome outcome = Run(Job("out"), observer);
  const auto& curve = outcome.result.curve;
  ASSERT_EQ(curve.size(), 3U);
  EXPECT_EQ(curve[2].update, 60);
  EXPECT_TRUE(outcome.result.complete);
  // A uniform guess among 500 costs 6.2 nats.
  EXPECT_LT(*curve[0].heldout_loss, 6.1);
  EXPECT_LT(*curve[1].heldout_loss, *curve[0].heldout_loss);
  EXPECT_LT(*curve[2].heldout_loss, 5.2);
  EXPECT_LT(curve[2].loss, curve[0].loss);
  EXPECT_THAT(said, HasSubstr("masked: "));
  EXPECT_THAT(said, HasSubstr("<mask>"));
}

TEST_F(PretrainTest, OneSeedGivesOneModelAnotherSeedAnother) {
  PretrainingJob job = Job("one");
  job.plan.updates = 12;
  job.plan.learning.dropout = 0.1;
  const std::string one = Run(job).weights_sha256;
  job.out = folder_.path() / "two";
  job.state = folder_.path() / "two.state";
  EXPECT_EQ(Run(job).weights_sha256, one);
  job.out = folder_.path() / "three";
  job.state = folder_.path() / "three.state";
  job.plan.learning.seed = 43;
  EXPECT_NE(Run(job).weights_sha256, one);
}

TEST_F(PretrainTest, InterruptedAnywhereItGoesOnToTheSameWeights) {
  PretrainingJob job = Job("whole");
  job.plan.updates = 30;
  job.plan.learning.accumulate = 2;
  job.plan.learning.dropout = 0.1;
  const PretrainingOutcome whole = Run(job);
  job.out = folder_.path() / "parts";
  job.state = folder_.path() / "parts.state";
  int updates = 0;
  bool stop = false;
  const PretrainingJobObserver observer{
      .on_line = {},
      .on_step = [&](const TrainingProgress&) { stop = ++updates % 7 == 0; },
      .interrupted = [&] { return stop; }};
  int stops = 0;
  absl::StatusOr<PretrainingOutcome> parts = RunPretraining(job, observer);
  for (; !parts.ok() && stops < 10; ++stops) {
    ASSERT_EQ(parts.status().code(), absl::StatusCode::kAborted) << parts.status();
    EXPECT_FALSE(fs::exists(job.out));
    stop = false;
    parts = RunPretraining(job, observer);
  }
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(stops, 4);
  EXPECT_EQ(updates, 30);
  EXPECT_EQ(parts->weights_sha256, whole.weights_sha256);
  EXPECT_EQ(parts->result.tokens, whole.result.tokens);
  EXPECT_EQ(parts->result.curve.back().heldout_loss, whole.result.curve.back().heldout_loss);
}

TEST_F(PretrainTest, ACheckpointOfAnotherPlanIsRefused) {
  PretrainingJob job = Job("out");
  job.plan.updates = 2;
  Run(job);
  fs::remove_all(job.out);
  job.plan.mask_share = 0.2;
  const auto status = RunPretraining(job, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
}

TEST_F(PretrainTest, TheFolderIsAModelThatLoads) {
  PretrainingJob job = Job("out");
  job.plan.updates = 3;
  const PretrainingOutcome outcome = Run(job);
  const auto config = ReadBartConfig(job.out);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->vocab_size, 500);
  const auto checkpoint = OpenCheckpoint(job.out);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  // Of the tied matrices one name, as transformers saves them.
  EXPECT_FALSE((*checkpoint)->tensors().contains("lm_head.weight"));
  EXPECT_TRUE((*checkpoint)->tensors().contains("model.shared.weight"));
  EXPECT_EQ(HashWeights((*checkpoint)->tensors()).value(), outcome.weights_sha256);
  const auto weights = ResolveParameterNames(*checkpoint, *config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_TRUE(weights->has_decoder);
  EXPECT_TRUE(LoadTokenizer(job.out).ok());
  EXPECT_TRUE(fs::exists(job.out / "pretraining.json"));
}

TEST_F(PretrainTest, Bf16IsRoundedAndHalfAsLarge) {
  PretrainingJob job = Job("fp32");
  job.plan.updates = 3;
  Run(job);
  const auto whole = OpenCheckpoint(job.out).value();
  const auto bytes = fs::file_size(job.out / "model.safetensors");
  job.out = folder_.path() / "bf16";
  job.saved_type = SavedType::kBf16;
  const PretrainingOutcome rounded = Run(job);  // the state says that all is done
  EXPECT_LT(fs::file_size(job.out / "model.safetensors"), bytes * 6 / 10);
  const auto half = OpenCheckpoint(job.out).value();
  EXPECT_EQ(HashWeights(half->tensors()).value(), rounded.weights_sha256);
  const char* name = "model.shared.weight";
  EXPECT_EQ(half->tensors().at(name).dtype, DType::kBF16);
  const auto exact = ReadFloats(whole->tensors().at(name)).value();
  const auto near = ReadFloats(half->tensors().at(name)).value();
  for (std::size_t i = 0; i < exact.size(); ++i) {
    ASSERT_LE(std::abs(exact[i] - near[i]), std::abs(exact[i]) / 256 + 1e-38F) << i;
  }
}

TEST_F(PretrainTest, GoesOnFromABaseWithItsVocabulary) {
  PretrainingJob job = Job("base");
  job.plan.updates = 60;
  const double before = *Run(job).result.curve.back().heldout_loss;
  PretrainingJob more = Job("more");
  more.scratch.clear();
  more.tokenizer.clear();
  more.base = job.out;
  more.plan.updates = 20;
  more.plan.learning.learning_rate = 1e-3;
  const PretrainingOutcome outcome = Run(more);
  EXPECT_LT(*outcome.result.curve.back().heldout_loss, before + 0.02);
}

TEST_F(PretrainTest, ATimeLimitEndsTheRunAndItCanGoOn) {
  PretrainingJob job = Job("out");
  job.plan.updates = 20;
  job.time_limit = std::chrono::duration<double>(1e-9);
  const PretrainingOutcome none = Run(job);
  EXPECT_EQ(none.result.updates, 0);
  EXPECT_FALSE(none.result.complete);
  job.out = folder_.path() / "later";
  job.time_limit.reset();
  const PretrainingOutcome rest = Run(job);
  EXPECT_EQ(rest.result.updates, 20);
  PretrainingJob whole = Job("whole");
  whole.plan.updates = 20;
  EXPECT_EQ(rest.weights_sha256, Run(whole).weights_sha256);
}

TEST_F(PretrainTest, RefusalsSayWhatToChange) {
  const auto refusal = [](const PretrainingJob& job) {
    const auto status = RunPretraining(job, {}).status();
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE(fs::exists(job.out));
    return std::string(status.message());
  };
  PretrainingJob job = Job("long");
  job.plan.learning.max_tokens = 65;
  EXPECT_THAT(refusal(job), HasSubstr("max_tokens is 65 and the model has 64 positions"));
  job = Job("pooled");
  std::string json = kTinyModelJson;
  json.replace(0, 1, R"({"pooling": "mean", )");
  std::ofstream(folder_.path() / "config.json") << json;
  EXPECT_THAT(refusal(job), HasSubstr("pooling"));
  job = Job("none");
  job.corpus = {folder_.path() / "none.txt"};
  EXPECT_THAT(refusal(job), HasSubstr("none.txt"));
  job = Job("time");
  job.schedule_by_time = true;
  std::ofstream(folder_.path() / "config.json") << kTinyModelJson;
  EXPECT_THAT(refusal(job), HasSubstr("no limit"));
}

}  // namespace
}  // namespace guichet
