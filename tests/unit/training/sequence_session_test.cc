#include "model/training/sequence_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/network/language_model.h"
#include "model/network/owned_tensors.h"
#include "tests/unit/training/training_fixture.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Rows = std::vector<std::vector<TokenId>>;

PaddedBatch Pad(const Rows& rows) {
  const std::vector<std::span<const TokenId>> views(rows.begin(), rows.end());
  return PadRows(views, 1);
}

BartConfig WritingConfig() {
  BartConfig config = TinyConfig();
  config.pooling.reset();
  return config;
}

TrainingPlan NoDropout() {
  TrainingPlan plan = TinyPlan();
  plan.dropout = plan.attention_dropout = plan.activation_dropout = 0.0;
  return plan;
}

std::unique_ptr<SequenceSession> MakeSession(const TrainingPlan& plan = NoDropout()) {
  auto session = SequenceSession::Create(WritingConfig(), nullptr, plan);
  EXPECT_TRUE(session.ok()) << session.status();
  return *std::move(session);
}

// To be written is what is read.
const Rows kRows = {{0, 20, 21, 22, 2}, {0, 30, 2}, {0, 25, 26, 27, 28, 29, 31, 2}};
SequenceBatch Copying() { return {.source = Pad(kRows), .target = Pad(kRows)}; }

std::string HashOf(SequenceSession& session) {
  return HashWeights(session.Export()->tensors).value();
}

TEST(SequenceSessionTest, LearnsToCopy) {
  const auto session = MakeSession();
  const double before = session->Loss(Copying())->sum;
  for (int i = 0; i < 150; ++i) {
    ASSERT_TRUE(session->Step(std::vector{Copying()}, 1e-2).ok());
  }
  const SequenceLoss after = session->Loss(Copying()).value();
  EXPECT_EQ(after.tokens, 16);
  EXPECT_LT(after.sum, 0.05 * before);
  const auto written = session->Greedy(Copying().source, 10);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(*written, ElementsAre(ElementsAre(0, 20, 21, 22), ElementsAre(0, 30),
                                    ElementsAre(0, 25, 26, 27, 28, 29, 31)));
  EXPECT_EQ(session->Greedy(Copying().source, 2)->at(0).size(), 2U);
}

TEST(SequenceSessionTest, TheLossOfAnUpdateIsTheMeanOverItsTokens) {
  const auto session = MakeSession();
  const SequenceLoss loss = session->Loss(Copying()).value();
  const auto step = session->Step(std::vector{Copying()}, 0.0);
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_NEAR(step->loss, loss.sum / 16, 1e-5);
}

TEST(SequenceSessionTest, MicroBatchesAddUpToTheWholeBatch) {
  const auto whole = MakeSession();
  const auto parts = MakeSession();
  std::vector<SequenceBatch> micro;
  for (const auto& row : kRows) micro.push_back({.source = Pad({row}), .target = Pad({row})});
  const auto one = whole->Step(std::vector{Copying()}, 1e-3);
  const auto three = parts->Step(micro, 1e-3);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_NEAR(one->loss, three->loss, 1e-5);
  EXPECT_NEAR(one->gradient_norm, three->gradient_norm, 1e-4);
}

TEST(SequenceSessionTest, ARowsLossDoesNotDependOnPadding) {
  const auto session = MakeSession();
  double alone = 0;
  for (const auto& row : kRows) {
    alone += session->Loss({.source = Pad({row}), .target = Pad({row})})->sum;
  }
  EXPECT_NEAR(session->Loss(Copying())->sum, alone, 1e-4);
}

TEST(SequenceSessionTest, GoesOnFromItsStateBitForBit) {
  TrainingPlan plan = TinyPlan();
  plan.dropout = 0.1;
  const auto session = MakeSession(plan);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session->Step(std::vector{Copying()}, 1e-2).ok());
  const auto state = session->Save();
  ASSERT_TRUE(state.ok()) << state.status();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session->Step(std::vector{Copying()}, 1e-2).ok());
  const std::string expected = HashOf(*session);
  ASSERT_EQ(session->Restore(*state), absl::OkStatus());
  EXPECT_NE(HashOf(*session), expected);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session->Step(std::vector{Copying()}, 1e-2).ok());
  EXPECT_EQ(HashOf(*session), expected);
}

TEST(SequenceSessionTest, TheHeadsBiasStaysZero) {
  const auto session = MakeSession();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(session->Step(std::vector{Copying()}, 1e-2).ok());
  const ModelWeights weights = session->Export().value();
  const auto bias = ReadFloats(weights.tensors.at("final_logits_bias"));
  ASSERT_TRUE(bias.ok()) << bias.status();
  EXPECT_EQ(*bias, std::vector<float>(60, 0.0F));
}

TEST(SequenceSessionTest, UntiedMatricesLearnEachTheirOwn) {
  BartConfig config = WritingConfig();
  config.tie_word_embeddings = false;
  const auto session = SequenceSession::Create(config, nullptr, NoDropout()).value();
  const double before = session->Loss(Copying())->sum;
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(session->Step(std::vector{Copying()}, 1e-2).ok());
  EXPECT_LT(session->Loss(Copying())->sum, 0.6 * before);
  EXPECT_TRUE(session->Export()->tensors.contains("lm_head.weight"));
}

TEST(SequenceSessionTest, Bf16LearnsAlike) {
  TrainingPlan plan = NoDropout();
  plan.precision = Precision::kBf16;
  const auto near = MakeSession(plan);
  const auto exact = MakeSession();
  for (int i = 0; i < 20; ++i) {
    const auto a = near->Step(std::vector{Copying()}, 5e-3);
    const auto b = exact->Step(std::vector{Copying()}, 5e-3);
    ASSERT_TRUE(a.ok() && b.ok());
    if (i == 0) {
      EXPECT_NE(a->loss, b->loss);
    }
    EXPECT_NEAR(a->loss / b->loss, 1.0, 0.08) << i;
  }
}

TEST(SequenceSessionTest, RefusesWhatDoesNotFit) {
  const auto session = MakeSession();
  const auto refused = [&](const SequenceBatch& batch) {
    const auto status = session->Step(std::vector{batch}, 1e-3).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refused({.source = Pad({{0, 99, 2}}), .target = Pad({{0, 5, 2}})}),
              HasSubstr("token id 99"));
  EXPECT_THAT(refused({.source = Pad({{0, 5, 2}, {0, 6, 2}}), .target = Pad({{0, 5, 2}})}),
              HasSubstr("2 sources and 1 targets"));
  EXPECT_EQ(session->Step({}, 1e-3).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SequenceSession::Create(TinyConfig(), nullptr, NoDropout()).status().code(),
            absl::StatusCode::kInvalidArgument);  // an encoder alone
}

}  // namespace
}  // namespace guichet
