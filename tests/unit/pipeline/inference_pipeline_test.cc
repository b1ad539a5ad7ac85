#include "server/pipeline/inference_pipeline.h"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pipeline/pipeline_fixture.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::SizeIs;

class InferencePipelineTest : public PipelineTest {};

TEST_F(InferencePipelineTest, AnswersATextWithItsLogits) {
  Start();
  const InferenceResult result = Send(7, 3).get();
  ASSERT_TRUE(result.logits.ok()) << result.logits.status();
  EXPECT_THAT(*result.logits, ElementsAre(7, 3, 1));
}

TEST_F(InferencePipelineTest, ReportsQueueAndInferenceTime) {
  Start();
  std::future<InferenceResult> first = Occupy();
  std::future<InferenceResult> second = Send(2);
  clock_.Advance(milliseconds(30));
  classifier_->Release(1);
  EXPECT_EQ(first.get().infer_time, milliseconds(30));
  classifier_->AwaitCalls(2);
  clock_.Advance(milliseconds(4));
  classifier_->ReleaseAll();
  const InferenceResult result = second.get();
  EXPECT_EQ(result.queue_time, milliseconds(30));
  EXPECT_EQ(result.infer_time, milliseconds(4));
}

TEST_F(InferencePipelineTest, TextsThatCameWhileTheDeviceWasBusyShareABatch) {
  Start();
  std::future<InferenceResult> first = Occupy();
  std::vector<std::future<InferenceResult>> rest;
  for (int id = 2; id <= 6; ++id) rest.push_back(Send(id));
  classifier_->ReleaseAll();
  for (auto& answer : rest) EXPECT_TRUE(answer.get().logits.ok());
  const auto calls = classifier_->calls();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_THAT(calls[1].rows, SizeIs(5));
  first.get();
}

TEST_F(InferencePipelineTest, NeverMixesVersions) {
  Start();
  const auto newer = std::make_shared<FakeClassifier>(2);
  const ModelLease newer_model = Serve(newer, 2);
  std::future<InferenceResult> first = Occupy();
  std::vector<std::future<InferenceResult>> answers;
  for (int i = 0; i < 20; ++i) {
    Asked asked = Ask(i, 2);
    if (i % 2 == 1) asked.item.model = newer_model;
    ASSERT_TRUE(SubmitOne(asked).ok());
    answers.push_back(std::move(asked.answer));
  }
  classifier_->ReleaseAll();
  for (int i = 0; i < 20; ++i) {
    const InferenceResult result = answers[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(result.logits.ok());
    EXPECT_THAT(*result.logits, ElementsAre(i, 2, i % 2 == 1 ? 2 : 1));
  }
  EXPECT_THAT(classifier_->calls(), SizeIs(2));
  EXPECT_THAT(newer->calls(), SizeIs(1));
}

TEST_F(InferencePipelineTest, WorkersStartWithTheirShareOfThreads) {
  PipelineOptions options;
  options.workers = 3;
  options.threads_per_worker = 5;
  std::vector<std::promise<int>> started(3);
  std::atomic<std::size_t> next = 0;
  pipeline_ = std::make_unique<InferencePipeline>(
      options, clock_, observer_, [&](int threads) { started[next++].set_value(threads); });
  for (auto& promise : started) EXPECT_EQ(promise.get_future().get(), 5);
}

TEST_F(InferencePipelineTest, TwoWorkersHaveTwoBatchesInFlight) {
  PipelineOptions options;
  options.workers = 2;
  Start(options);
  std::future<InferenceResult> first = Occupy();
  std::future<InferenceResult> second = Send(2);
  classifier_->AwaitCalls(2);  // the second while the first is held
  classifier_->ReleaseAll();
  EXPECT_TRUE(first.get().logits.ok());
  EXPECT_TRUE(second.get().logits.ok());
}

TEST_F(InferencePipelineTest, WaitsForAFullerBatchWhenToldTo) {
  PipelineOptions options;
  options.max_batch_wait = milliseconds(10);
  options.max_batch_texts = 3;
  Start(options);
  std::future<InferenceResult> first = Send(1);
  std::future<InferenceResult> second = Send(2);
  EXPECT_THAT(classifier_->calls(), SizeIs(0));
  std::future<InferenceResult> third = Send(3);  // the batch is full
  EXPECT_TRUE(third.get().logits.ok());
  EXPECT_THAT(classifier_->calls(), SizeIs(1));
  EXPECT_TRUE(first.get().logits.ok());
  EXPECT_TRUE(second.get().logits.ok());
}

TEST_F(InferencePipelineTest, StartsAPartBatchWhenTheWaitIsOver) {
  PipelineOptions options;
  options.max_batch_wait = milliseconds(10);
  Start(options);
  std::future<InferenceResult> answer = Send(1);
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(answer.get().queue_time, milliseconds(10));
  EXPECT_EQ(observer_.batches().at(0).reason, BatchCloseReason::kWaitOver);
}

TEST_F(InferencePipelineTest, ReportsBatchesAndTheQueue) {
  Start();
  std::future<InferenceResult> first = Occupy();
  std::future<InferenceResult> second = Send(2, 30);
  std::future<InferenceResult> third = Send(3, 12);
  EXPECT_EQ(observer_.queue(), (std::pair<std::size_t, std::size_t>(2, 42)));
  clock_.Advance(milliseconds(9));
  classifier_->ReleaseAll();
  second.get();
  third.get();
  EXPECT_EQ(observer_.queue(), (std::pair<std::size_t, std::size_t>(0, 0)));
  const auto batches = observer_.batches();
  ASSERT_THAT(batches, SizeIs(2));
  EXPECT_EQ(batches[1].texts, 2U);
  EXPECT_EQ(batches[1].tokens, 42U);
  EXPECT_EQ(batches[1].reason, BatchCloseReason::kQueueEmpty);
  EXPECT_EQ(batches[0].infer_time, milliseconds(9));
  first.get();
}

TEST_F(InferencePipelineTest, ACallbackMaySubmit) {
  Start();
  Asked inner = Ask(2);
  Asked outer = Ask(1);
  outer.item.done = [&](const InferenceResult&) { EXPECT_TRUE(SubmitOne(inner).ok()); };
  ASSERT_TRUE(SubmitOne(outer).ok());
  EXPECT_TRUE(inner.answer.get().logits.ok());
}

}  // namespace
}  // namespace guichet
