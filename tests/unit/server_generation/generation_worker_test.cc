#include "server/generation/generation_worker.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/generation/growing_text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_generator.h"

namespace guichet {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

// A task and what was told of it.
struct Told {
  std::shared_ptr<GenerationTask> task = std::make_shared<GenerationTask>();
  std::vector<TokenId> tokens;
  GenerationOutcome outcome;
  int ends = 0;
  Mutex mutex;
  ConditionVariable changed;

  absl::StatusCode Await() {
    const MutexLock lock(mutex);
    while (ends == 0) changed.Wait(mutex);
    return outcome.status.code();
  }
};

class GenerationWorkerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Told> NewTask(std::chrono::nanoseconds time = seconds(60)) {
    auto told = std::make_unique<Told>();
    Told* const that = told.get();
    that->task->ids = {0, 5, 2};
    that->task->options = generator_->defaults();
    that->task->deadline = clock_.Now() + time;
    that->task->on_tokens = [that](std::span<const NewToken> tokens) {
      for (const NewToken& token : tokens) that->tokens.push_back(token.id);
    };
    that->task->on_end = [that](const GenerationOutcome& outcome) {
      const MutexLock lock(that->mutex);
      that->outcome = outcome;
      ++that->ends;
      that->changed.NotifyAll();
    };
    return told;
  }

  FakeClock clock_;
  prometheus::Registry registry_;
  GenerationMetrics metrics_{registry_};
  const std::shared_ptr<ScriptedGenerator> generator_ = std::make_shared<ScriptedGenerator>();
  GenerationWorker worker_{generator_, {.model = "m", .max_queued_calls = 2}, clock_, metrics_};
};

TEST_F(GenerationWorkerTest, TokensComeInOrderAndThenTheResult) {
  const auto told = NewTask();
  ASSERT_TRUE(worker_.Submit(told->task).ok());
  EXPECT_EQ(told->Await(), absl::StatusCode::kOk);
  EXPECT_THAT(told->tokens, ElementsAre(10, 11, 12, 13));
  EXPECT_THAT(told->outcome.sequences.front().ids, ElementsAre(2, 10, 11, 12, 13));
}

TEST_F(GenerationWorkerTest, TheQueueIsBoundedAndACancelledTaskMakesRoomAtOnce) {
  generator_->Hold();
  const auto running = NewTask();
  ASSERT_TRUE(worker_.Submit(running->task).ok());
  generator_->AwaitStep();
  const auto first = NewTask();
  const auto second = NewTask();
  const auto third = NewTask();
  ASSERT_TRUE(worker_.Submit(first->task).ok());
  ASSERT_TRUE(worker_.Submit(second->task).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(worker_.Submit(third->task)));
  worker_.Cancel(first->task);
  EXPECT_EQ(first->Await(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(worker_.Submit(third->task).ok());
  generator_->Release();
  for (const auto* task : {&running, &second, &third}) {
    EXPECT_EQ((*task)->Await(), absl::StatusCode::kOk);
  }
  EXPECT_EQ(first->ends, 1);
}

TEST_F(GenerationWorkerTest, ACancelledTaskEndsWithinAStep) {
  generator_->Hold();
  const auto told = NewTask();
  ASSERT_TRUE(worker_.Submit(told->task).ok());
  generator_->AwaitStep();
  worker_.Cancel(told->task);
  generator_->Release();
  EXPECT_EQ(told->Await(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(told->tokens.empty());
}

TEST_F(GenerationWorkerTest, ADeadlineEndsWhatRunsAndWhatWaits) {
  generator_->Hold();
  const auto running = NewTask(seconds(10));
  const auto waiting = NewTask(seconds(10));
  const auto patient = NewTask(seconds(60));
  ASSERT_TRUE(worker_.Submit(running->task).ok());
  generator_->AwaitStep();
  ASSERT_TRUE(worker_.Submit(waiting->task).ok());
  ASSERT_TRUE(worker_.Submit(patient->task).ok());
  clock_.Advance(seconds(10));
  generator_->Release();
  EXPECT_EQ(running->Await(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(waiting->Await(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(patient->Await(), absl::StatusCode::kOk);
}

TEST_F(GenerationWorkerTest, ADrainEndsWhatWaitsAndLetsTheOneAtWorkGoOn) {
  generator_->Hold();
  const auto running = NewTask();
  const auto waiting = NewTask();
  ASSERT_TRUE(worker_.Submit(running->task).ok());
  generator_->AwaitStep();
  ASSERT_TRUE(worker_.Submit(waiting->task).ok());
  worker_.Drain();
  EXPECT_EQ(waiting->Await(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::IsUnavailable(worker_.Submit(NewTask()->task)));
  generator_->Release();
  EXPECT_EQ(running->Await(), absl::StatusCode::kOk);
}

TEST_F(GenerationWorkerTest, AStopEndsTheOneAtWork) {
  generator_->Hold();
  const auto running = NewTask();
  ASSERT_TRUE(worker_.Submit(running->task).ok());
  generator_->AwaitStep();
  std::thread stopper([&] { worker_.Stop(); });
  while (!absl::IsUnavailable(worker_.Submit(NewTask()->task))) std::this_thread::yield();
  generator_->Release();
  stopper.join();
  EXPECT_EQ(running->Await(), absl::StatusCode::kUnavailable);
}

TEST(GrowingTextTest, PiecesLaidEndToEndAreTheText) {
  const ScriptedGenerator generator;
  GrowingText text(generator);
  EXPECT_EQ(text.Add(2), "") << "a special token";
  EXPECT_EQ(text.Add(10), "10");
  EXPECT_EQ(text.Add(11), "11");
}

}  // namespace
}  // namespace guichet
