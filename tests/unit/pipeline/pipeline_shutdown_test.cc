// How a pipeline ends.

#include <chrono>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pipeline/pipeline_fixture.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::Pair;

class PipelineShutdownTest : public PipelineTest {};

TEST_F(PipelineShutdownTest, DrainRefusesNewTextsAndServesTheQueue) {
  Start();
  std::future<InferenceResult> busy = Occupy();
  std::future<InferenceResult> queued = Send(2);
  pipeline_->Drain();
  Asked late = Ask(3);
  EXPECT_EQ(SubmitOne(late).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("draining", 1U)));
  classifier_->ReleaseAll();
  EXPECT_TRUE(busy.get().logits.ok());
  EXPECT_TRUE(queued.get().logits.ok());
}

TEST_F(PipelineShutdownTest, DrainEndsTheWaitForAFullerBatch) {
  PipelineOptions options;
  options.max_batch_wait = milliseconds(500);
  Start(options);
  std::future<InferenceResult> queued = Send(1);
  pipeline_->Drain();
  EXPECT_TRUE(queued.get().logits.ok());  // the clock never moved
}

TEST_F(PipelineShutdownTest, ShutdownWaitsForTheQueue) {
  Start();
  std::future<InferenceResult> busy = Occupy();
  std::future<InferenceResult> queued = Send(2);
  std::future<void> shutdown = std::async(
      std::launch::async, [&] { pipeline_->Shutdown(clock_.Now() + milliseconds(1'000)); });
  classifier_->ReleaseAll();
  shutdown.get();
  EXPECT_EQ(busy.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_TRUE(busy.get().logits.ok());
  EXPECT_EQ(queued.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_TRUE(queued.get().logits.ok());
}

TEST_F(PipelineShutdownTest, ShutdownFailsWhatAStuckDeviceHolds) {
  PipelineOptions options;
  options.stuck_device_wait = milliseconds(0);
  Start(options);
  std::future<InferenceResult> stuck = Occupy();
  std::future<InferenceResult> queued = Send(2);
  std::future<void> shutdown =
      std::async(std::launch::async, [&] { pipeline_->Shutdown(clock_.Now()); });
  shutdown.get();
  EXPECT_EQ(stuck.get().logits.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(queued.get().logits.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("draining", 2U)));
  pipeline_.reset();  // leaves the device's thread behind
  // When the device comes back, nobody is answered again: a promise set twice would throw.
  classifier_->ReleaseAll();
}

TEST_F(PipelineShutdownTest, ADeadlineEndsTheWaitForAStuckDevice) {
  PipelineOptions options;
  options.stuck_device_wait = milliseconds(0);
  Start(options);
  std::future<InferenceResult> stuck = Occupy();
  const SteadyTime deadline = clock_.Now() + milliseconds(50);
  std::future<void> shutdown =
      std::async(std::launch::async, [&] { pipeline_->Shutdown(deadline); });
  clock_.Advance(milliseconds(50));
  shutdown.get();
  EXPECT_EQ(stuck.get().logits.status().code(), absl::StatusCode::kUnavailable);
  pipeline_.reset();
  classifier_->ReleaseAll();
}

TEST_F(PipelineShutdownTest, TheDestructorFailsTheQueueAndWaitsForTheDevice) {
  Start();
  std::future<InferenceResult> running = Occupy();
  std::future<InferenceResult> queued = Send(2);
  std::future<void> destroyed = std::async(std::launch::async, [&] { pipeline_.reset(); });
  EXPECT_EQ(queued.get().logits.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(running.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  classifier_->ReleaseAll();
  destroyed.get();
  EXPECT_TRUE(running.get().logits.ok());
}

TEST_F(PipelineShutdownTest, AnIdlePipelineEndsAtOnceAndTwice) {
  Start();
  pipeline_->Shutdown(SteadyTime::max());
  pipeline_->Shutdown(SteadyTime::max());
  Asked late = Ask(1);
  EXPECT_EQ(SubmitOne(late).code(), absl::StatusCode::kUnavailable);
  pipeline_.reset();
}

TEST_F(PipelineShutdownTest, TheModelIsLetGoAfterItsLastText) {
  Start();
  auto classifier = std::make_shared<FakeClassifier>();
  const std::weak_ptr<FakeClassifier> watch = classifier;
  Asked asked = Ask(1);
  asked.item.model = Serve(std::move(classifier));
  ASSERT_TRUE(SubmitOne(asked).ok());
  asked.answer.get();
  pipeline_.reset();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace guichet
