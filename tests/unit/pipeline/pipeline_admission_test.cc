// What the pipeline takes, refuses and drops before the device.

#include <atomic>
#include <chrono>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pipeline/pipeline_fixture.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class PipelineAdmissionTest : public PipelineTest {
 protected:
  absl::Status SubmitMany(int count, std::size_t tokens = 1) {
    std::vector<InferenceItem> items;
    for (int i = 0; i < count; ++i) {
      items.push_back(Ask(i, tokens).item);
      items.back().done = [](const InferenceResult&) {};
    }
    return pipeline_->Submit(std::move(items));
  }

  // Batches of one text that take this long each, enough of them to predict from.
  void Teach(milliseconds batch_time) {
    classifier_->OnCall([this, batch_time] { clock_.Advance(batch_time); });
    for (int i = 0; i < 32; ++i) ASSERT_TRUE(Send(1).get().logits.ok());
    classifier_->OnCall(nullptr);
    known_calls_ = classifier_->calls().size();
  }

  std::size_t known_calls_ = 0;
};

TEST_F(PipelineAdmissionTest, AFullQueueRefusesAtOnceAndTakesNothing) {
  PipelineOptions options;
  options.max_queue_texts = 4;
  Start(options);
  std::future<InferenceResult> busy = Occupy();
  ASSERT_TRUE(SubmitMany(3).ok());
  const absl::Status status = SubmitMany(2);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("3 of 4 texts"));
  EXPECT_EQ(observer_.queue().first, 3U);
  EXPECT_TRUE(SubmitMany(1).ok());
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("queue_texts", 2U)));
  classifier_->ReleaseAll();
  busy.get();
}

TEST_F(PipelineAdmissionTest, TextsThatAreOfferedAgainDoNotCountAsRefused) {
  PipelineOptions options;
  options.max_queue_texts = 1;
  Start(options);
  std::future<InferenceResult> busy = Occupy();
  ASSERT_TRUE(SubmitMany(1).ok());
  EXPECT_EQ(pipeline_->CheckRoom(1, SteadyTime::max(), WhenFull::kOffersAgain).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(observer_.rejected(), IsEmpty());
  EXPECT_EQ(pipeline_->CheckRoom(1, clock_.Now(), WhenFull::kOffersAgain).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("expired", 1U)));
  classifier_->ReleaseAll();
  busy.get();
}

TEST_F(PipelineAdmissionTest, TokensAreBoundedToo) {
  PipelineOptions options;
  options.max_queue_tokens = 1024;
  Start(options);
  std::future<InferenceResult> busy = Occupy();
  ASSERT_TRUE(SubmitMany(2, 500).ok());
  EXPECT_EQ(SubmitMany(1, 25).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(SubmitMany(1, 24).ok());
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("queue_tokens", 1U)));
  classifier_->ReleaseAll();
  busy.get();
}

TEST_F(PipelineAdmissionTest, ACallBeyondTheWholeQueueIsToldToSplit) {
  PipelineOptions options;
  options.max_queue_texts = 4;
  Start(options);
  const absl::Status status = SubmitMany(5);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("split it"));
}

TEST_F(PipelineAdmissionTest, ItemsWithoutModelTokensOrCallerAreRefused) {
  Start();
  for (int what = 0; what < 3; ++what) {
    Asked asked = Ask(1);
    if (what == 0) asked.item.model = nullptr;
    if (what == 1) asked.item.tokens.clear();
    if (what == 2) asked.item.done = nullptr;
    EXPECT_EQ(SubmitOne(asked).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(pipeline_->Submit({}).ok());
}

TEST_F(PipelineAdmissionTest, ADeadlineThatIsOverIsRefusedAtOnce) {
  Start();
  Asked asked = Ask(1);
  asked.item.deadline = clock_.Now();
  EXPECT_EQ(SubmitOne(asked).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("expired", 1U)));
}

TEST_F(PipelineAdmissionTest, ATextExpiresWhileABatchRuns) {
  Start();
  std::future<InferenceResult> busy = Occupy();
  std::future<InferenceResult> expires = Send(2, 1, clock_.Now() + milliseconds(20));
  std::future<InferenceResult> stays = Send(3, 1, clock_.Now() + milliseconds(500));
  clock_.Advance(milliseconds(19));
  EXPECT_EQ(expires.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  clock_.Advance(milliseconds(1));
  const InferenceResult result = expires.get();  // the device still holds the first batch
  EXPECT_EQ(result.logits.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(result.queue_time, milliseconds(20));
  EXPECT_EQ(busy.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  classifier_->ReleaseAll();
  EXPECT_TRUE(stays.get().logits.ok());
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("expired", 1U)));
  busy.get();
}

TEST_F(PipelineAdmissionTest, ACancelledTextNeverReachesTheDevice) {
  Start();
  std::future<InferenceResult> busy = Occupy();
  const auto flag = std::make_shared<std::atomic<bool>>(false);
  std::future<InferenceResult> cancelled = Send(2, 1, SteadyTime::max(), flag);
  std::future<InferenceResult> kept = Send(3);
  flag->store(true);
  classifier_->ReleaseAll();
  EXPECT_EQ(cancelled.get().logits.status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(kept.get().logits.ok());
  const auto calls = classifier_->calls();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_THAT(calls[1].rows, ElementsAre(ElementsAre(3)));
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("cancelled", 1U)));
  busy.get();
}

TEST_F(PipelineAdmissionTest, ACancelledTextLeavesTheQueueWhileABatchRuns) {
  Start();
  std::future<InferenceResult> busy = Occupy();
  const auto flag = std::make_shared<std::atomic<bool>>(false);
  std::future<InferenceResult> cancelled = Send(2, 1, SteadyTime::max(), flag);
  flag->store(true);
  clock_.Advance(milliseconds(200));  // the timer looks now and then
  EXPECT_EQ(cancelled.get().logits.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(observer_.queue().first, 0U);
  classifier_->ReleaseAll();
  busy.get();
}

TEST_F(PipelineAdmissionTest, EstimatesTheWaitFromRecentBatches) {
  PipelineOptions options;
  options.max_batch_texts = 2;
  Start(options);
  EXPECT_EQ(pipeline_->EstimatedWait(), milliseconds(0));
  Teach(milliseconds(100));
  classifier_->Hold();
  std::future<InferenceResult> busy = Send(1);
  classifier_->AwaitCalls(known_calls_ + 1);
  EXPECT_EQ(pipeline_->EstimatedWait(), milliseconds(100));
  clock_.Advance(milliseconds(40));
  EXPECT_EQ(pipeline_->EstimatedWait(), milliseconds(60));
  ASSERT_TRUE(SubmitMany(4).ok());  // two full batches
  EXPECT_EQ(pipeline_->EstimatedWait(), milliseconds(260));
  classifier_->ReleaseAll();
  busy.get();
}

TEST_F(PipelineAdmissionTest, RefusesADeadlineThatTheQueueOutlasts) {
  PipelineOptions options;
  options.max_batch_texts = 2;
  Start(options);
  Teach(milliseconds(100));
  classifier_->Hold();
  std::future<InferenceResult> busy = Send(1);
  classifier_->AwaitCalls(known_calls_ + 1);
  ASSERT_TRUE(SubmitMany(4).ok());

  Asked late = Ask(2);
  late.item.deadline = clock_.Now() + milliseconds(250);
  const absl::Status status = SubmitOne(late);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the queue about 300ms long"));
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("deadline_too_short", 1U)));

  std::future<InferenceResult> in_time = Send(3, 1, clock_.Now() + milliseconds(400));
  classifier_->ReleaseAll();
  EXPECT_TRUE(in_time.get().logits.ok());
  busy.get();
}

TEST_F(PipelineAdmissionTest, NeverRefusesForADeadlineWhenNothingIsKnownOrNobodyWaits) {
  Start();
  std::future<InferenceResult> busy = Occupy();
  std::future<InferenceResult> cold = Send(2, 1, clock_.Now() + milliseconds(1));
  classifier_->ReleaseAll();
  busy.get();
  cold.get();
  Teach(milliseconds(5'000));  // as after a stall
  std::future<InferenceResult> alone = Send(3, 1, clock_.Now() + milliseconds(10));
  EXPECT_TRUE(alone.get().logits.ok());
}

TEST_F(PipelineAdmissionTest, AQueueTooLongInTimeIsFull) {
  PipelineOptions options;
  options.max_batch_texts = 1;
  options.max_queue_wait = milliseconds(300);
  Start(options);
  Teach(milliseconds(100));
  classifier_->Hold();
  std::future<InferenceResult> busy = Send(1);
  classifier_->AwaitCalls(known_calls_ + 1);
  ASSERT_TRUE(SubmitMany(3).ok());  // one runs and two wait before a fourth: 300 ms, at the limit
  const absl::Status status = SubmitMany(1);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_queue_wait of 300ms"));
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("queue_wait", 1U)));
  classifier_->ReleaseAll();
  busy.get();
}

TEST_F(PipelineAdmissionTest, NeverRefusesForADeadlineBelowTheFloor) {
  PipelineOptions options;
  options.max_batch_texts = 1;
  options.min_refusal_wait = milliseconds(1'000);
  Start(options);
  Teach(milliseconds(100));
  classifier_->Hold();
  std::future<InferenceResult> busy = Send(1);
  classifier_->AwaitCalls(known_calls_ + 1);
  ASSERT_TRUE(SubmitMany(3).ok());
  std::future<InferenceResult> tight = Send(2, 1, clock_.Now() + milliseconds(10));
  classifier_->ReleaseAll();
  tight.get();
  busy.get();
}

}  // namespace
}  // namespace guichet
