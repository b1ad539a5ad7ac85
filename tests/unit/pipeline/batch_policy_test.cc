#include "server/pipeline/batch_policy.h"

#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr SteadyTime kNow = SteadyTime(std::chrono::hours(1));

PipelineOptions Options(std::size_t tokens, std::size_t texts = 100) {
  PipelineOptions options;
  options.max_batch_tokens = tokens;
  options.max_batch_texts = texts;
  return options;
}

WaitingText Text(std::uint32_t tokens, milliseconds age = milliseconds(0)) {
  return {.tokens = tokens, .enqueued = kNow - age};
}

BatchDecision Decide(const std::vector<WaitingText>& texts, const PipelineOptions& options,
                     std::chrono::nanoseconds batch_time = {}, bool may_wait = true) {
  return DecideBatch({.texts = texts, .batch_time = batch_time, .may_wait = may_wait}, kNow,
                     options);
}

TEST(BatchPolicyTest, NothingWaitingIsNoBatchAndNoTimeToLookAgain) {
  const BatchDecision decision = Decide({}, Options(100));
  EXPECT_THAT(decision.chosen, IsEmpty());
  EXPECT_EQ(decision.wait_until, SteadyTime::max());
}

TEST(BatchPolicyTest, TakesEverythingThatFitsAtOnce) {
  const BatchDecision decision = Decide({Text(10), Text(20), Text(30)}, Options(100));
  EXPECT_THAT(decision.chosen, ElementsAre(0, 1, 2));
  EXPECT_EQ(decision.reason, BatchCloseReason::kQueueEmpty);
}

TEST(BatchPolicyTest, TakesTheShortestFirstWhenNotEverythingFits) {
  const BatchDecision decision = Decide({Text(60), Text(30), Text(40), Text(20)}, Options(100));
  EXPECT_THAT(decision.chosen, ElementsAre(1, 2, 3));
  EXPECT_EQ(decision.reason, BatchCloseReason::kTokenBudget);
}

TEST(BatchPolicyTest, StopsAtTheNumberOfTexts) {
  const BatchDecision decision = Decide({Text(1), Text(1), Text(1)}, Options(100, 2));
  EXPECT_THAT(decision.chosen, ElementsAre(0, 1));
  EXPECT_EQ(decision.reason, BatchCloseReason::kTextBudget);
}

TEST(BatchPolicyTest, ATextBeyondTheBudgetGoesAlone) {
  EXPECT_THAT(Decide({Text(500)}, Options(100)).chosen, ElementsAre(0));
  const BatchDecision decision = Decide({Text(500, milliseconds(200)), Text(1)}, Options(100));
  EXPECT_THAT(decision.chosen, ElementsAre(0));
  EXPECT_EQ(decision.reason, BatchCloseReason::kTokenBudget);
}

TEST(BatchPolicyTest, AnOldTextGoesBeforeShorterOnes) {
  const BatchDecision decision =
      Decide({Text(90, milliseconds(100)), Text(20), Text(30)}, Options(100));
  EXPECT_THAT(decision.chosen, ElementsAre(0));
}

TEST(BatchPolicyTest, WhatRemainsOfTheBudgetGoesToOthersOfTheWindow) {
  const BatchDecision decision =
      Decide({Text(60, milliseconds(300)), Text(70, milliseconds(200)), Text(30)}, Options(100));
  EXPECT_THAT(decision.chosen, ElementsAre(0, 2));
}

TEST(BatchPolicyTest, ACloseDeadlineMakesATextUrgent) {
  std::vector<WaitingText> texts = {Text(20), Text(30), Text(90)};
  texts[2].deadline = kNow + milliseconds(15);
  EXPECT_THAT(Decide(texts, Options(100), milliseconds(5)).chosen, ElementsAre(0, 1));
  EXPECT_THAT(Decide(texts, Options(100), milliseconds(10)).chosen, ElementsAre(2));
}

TEST(BatchPolicyTest, ExpiredTextsAreNeverChosen) {
  std::vector<WaitingText> texts = {Text(10), Text(20)};
  texts[0].deadline = kNow;
  EXPECT_THAT(Decide(texts, Options(100)).chosen, ElementsAre(1));
  texts[1].deadline = kNow - milliseconds(1);
  EXPECT_THAT(Decide(texts, Options(100)).chosen, IsEmpty());
}

TEST(BatchPolicyTest, TheGroupOfTheMostUrgentTextGoesFirstAndAlone) {
  std::vector<WaitingText> texts = {Text(1), Text(2, milliseconds(5)), Text(3)};
  texts[1].group = 1;
  texts[2].group = 1;
  const BatchDecision decision = Decide(texts, Options(100));
  EXPECT_THAT(decision.chosen, ElementsAre(1, 2));
  EXPECT_EQ(decision.reason, BatchCloseReason::kVersionChange);
}

TEST(BatchPolicyTest, ALaterWindowWaitsForTheEarlierOne) {
  std::vector<WaitingText> texts = {Text(60), Text(70), Text(5)};
  texts[2].window = 1;
  EXPECT_THAT(Decide(texts, Options(100)).chosen, ElementsAre(0));
  texts[1].tokens = 30;
  EXPECT_THAT(Decide(texts, Options(95)).chosen, ElementsAre(0, 1, 2));
}

TEST(BatchPolicyTest, AFullBatchNeverWaits) {
  PipelineOptions options = Options(100);
  options.max_batch_wait = milliseconds(10);
  EXPECT_THAT(Decide({Text(60), Text(40)}, options).chosen, ElementsAre(0, 1));
  EXPECT_THAT(Decide({Text(60), Text(50)}, options).chosen, ElementsAre(1));
}

TEST(BatchPolicyTest, APartBatchWaitsForTheOldestTextsShare) {
  PipelineOptions options = Options(100);
  options.max_batch_wait = milliseconds(10);
  const BatchDecision decision = Decide({Text(10, milliseconds(4)), Text(10)}, options);
  EXPECT_THAT(decision.chosen, IsEmpty());
  EXPECT_EQ(decision.wait_until, kNow + milliseconds(6));

  const BatchDecision over = Decide({Text(10, milliseconds(10)), Text(10)}, options);
  EXPECT_THAT(over.chosen, ElementsAre(0, 1));
  EXPECT_EQ(over.reason, BatchCloseReason::kWaitOver);
}

TEST(BatchPolicyTest, ACloseDeadlineShortensTheWait) {
  PipelineOptions options = Options(100);
  options.max_batch_wait = milliseconds(10);
  WaitingText text = Text(10);
  text.deadline = kNow + milliseconds(7);
  EXPECT_EQ(Decide({text}, options, milliseconds(2)).wait_until, kNow + milliseconds(3));
  EXPECT_THAT(Decide({text}, options, milliseconds(4)).chosen, ElementsAre(0));
}

TEST(BatchPolicyTest, NothingWaitsWhenNothingMoreWillCome) {
  PipelineOptions options = Options(100);
  options.max_batch_wait = milliseconds(10);
  const BatchDecision decision = Decide({Text(10)}, options, {}, /*may_wait=*/false);
  EXPECT_THAT(decision.chosen, ElementsAre(0));
  EXPECT_EQ(decision.reason, BatchCloseReason::kQueueEmpty);
}

}  // namespace
}  // namespace guichet
