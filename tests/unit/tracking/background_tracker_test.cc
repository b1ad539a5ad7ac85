#include "model/tracking/background_tracker.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/tracking/run_log.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What the tests see and decide of a tracker. Outlives it.
struct Puppet {
  std::mutex mutex;
  std::condition_variable changed;
  bool held = false;  // calls wait until it is not, or Cancel
  bool deaf = false;  // Cancel changes nothing
  bool cancelled = false;
  int calls = 0;
  std::deque<absl::Status> answers;  // of the next calls; then OK
  absl::Status answer;               // of all others
  std::vector<std::int64_t> steps;
  std::vector<RunEnd> ends;

  absl::Status Call() {
    std::unique_lock lock(mutex);
    ++calls;
    changed.notify_all();
    changed.wait(lock, [this] { return !held || (cancelled && !deaf); });
    if (cancelled && held) return absl::CancelledError("cancelled");
    if (answers.empty()) return answer;
    const absl::Status next = answers.front();
    answers.pop_front();
    return next;
  }
  void AwaitCalls(int wanted) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return calls >= wanted; });
  }
  void Release() {
    const std::lock_guard lock(mutex);
    held = false;
    changed.notify_all();
  }
};

class PuppetTracker : public RunTracker {
 public:
  explicit PuppetTracker(std::shared_ptr<Puppet> puppet) : puppet_(std::move(puppet)) {}

  absl::Status Start(const TrackedRun&) override { return puppet_->Call(); }
  absl::Status Log(std::span<const TrackedRow> rows, std::size_t& logged) override {
    if (absl::Status status = puppet_->Call(); !status.ok()) return status;
    const std::lock_guard lock(puppet_->mutex);
    for (const TrackedRow& row : rows) puppet_->steps.push_back(row.step);
    logged = rows.size();
    return absl::OkStatus();
  }
  absl::Status Finish(RunEnd end, std::span<const TrackedValue>) override {
    if (absl::Status status = puppet_->Call(); !status.ok()) return status;
    const std::lock_guard lock(puppet_->mutex);
    puppet_->ends.push_back(end);
    return absl::OkStatus();
  }
  void Cancel() override {
    const std::lock_guard lock(puppet_->mutex);
    puppet_->cancelled = true;
    puppet_->changed.notify_all();
  }

 private:
  const std::shared_ptr<Puppet> puppet_;
};

// Short, so that a test of what is given up does not take the seconds that a run may.
BackgroundTrackerOptions Short() {
  return {.max_rows = 8,
          .first_pause = milliseconds(1),
          .longest_pause = milliseconds(4),
          .rows_patience = milliseconds(60),
          .end_patience = milliseconds(120),
          .cancel_patience = milliseconds(60)};
}

class BackgroundTrackerTest : public ::testing::Test {
 protected:
  std::unique_ptr<BackgroundTracker> Make(const BackgroundTrackerOptions& options = {}) {
    return std::make_unique<BackgroundTracker>("puppet:x", std::make_unique<PuppetTracker>(puppet_),
                                               TrackedRun(), options);
  }
  static TrackedRow Row(std::int64_t step) { return {.step = step, .time = {}, .scalars = {}}; }

  const std::shared_ptr<Puppet> puppet_ = std::make_shared<Puppet>();
};

TEST_F(BackgroundTrackerTest, WritesEverythingInOrderAndTheEnd) {
  const auto tracker = Make();
  for (int step = 1; step <= 1000; ++step) tracker->Log(Row(step));
  tracker->BeginEnd(RunEnd::kFinished, {});
  EXPECT_EQ(tracker->AwaitEnd(), std::nullopt);
  ASSERT_THAT(puppet_->steps, SizeIs(1000));
  EXPECT_TRUE(std::ranges::is_sorted(puppet_->steps));
  EXPECT_THAT(puppet_->ends, ElementsAre(RunEnd::kFinished));
}

TEST_F(BackgroundTrackerTest, ATrackerThatHangsCostsItsCallerNothing) {
  puppet_->held = true;
  const auto tracker = Make(Short());
  puppet_->AwaitCalls(1);  // inside Start
  const auto start = std::chrono::steady_clock::now();
  for (int step = 1; step <= 100'000; ++step) tracker->Log(Row(step));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  tracker->BeginEnd(RunEnd::kFinished, {});
  const auto warning = tracker->AwaitEnd();
  ASSERT_TRUE(warning);
  EXPECT_EQ(*warning,
            "tracking puppet:x: 100000 of 100000 rows were not recorded, nor the run's end: "
            "cancelled");
}

TEST_F(BackgroundTrackerTest, AFullQueueDropsTheOldestRowsAndCountsThem) {
  puppet_->held = true;
  const auto tracker = Make({.max_rows = 8});
  puppet_->AwaitCalls(1);
  for (int step = 1; step <= 20; ++step) tracker->Log(Row(step));
  puppet_->Release();
  tracker->BeginEnd(RunEnd::kFinished, {});
  const auto warning = tracker->AwaitEnd();
  EXPECT_THAT(puppet_->steps, ElementsAre(13, 14, 15, 16, 17, 18, 19, 20));
  EXPECT_THAT(puppet_->ends, SizeIs(1));
  ASSERT_TRUE(warning);
  EXPECT_THAT(*warning, HasSubstr("12 of 20 rows were not recorded: "));
}

TEST_F(BackgroundTrackerTest, WhatMayPassIsTriedAgain) {
  puppet_->answers = {absl::UnavailableError("down"), absl::DeadlineExceededError("slow"),
                      absl::OkStatus(), absl::ResourceExhaustedError("disk full")};
  const auto tracker = Make({.first_pause = milliseconds(1)});
  tracker->Log(Row(1));
  puppet_->AwaitCalls(5);
  tracker->BeginEnd(RunEnd::kFailed, {});
  EXPECT_EQ(tracker->AwaitEnd(), std::nullopt);
  EXPECT_THAT(puppet_->steps, ElementsAre(1));
  EXPECT_THAT(puppet_->ends, ElementsAre(RunEnd::kFailed));
}

TEST_F(BackgroundTrackerTest, WhatCannotPassIsGivenUpAtOnceWithItsReason) {
  puppet_->answers = {absl::PermissionDeniedError("no entry")};
  const auto tracker = Make();
  tracker->Log(Row(1));
  tracker->BeginEnd(RunEnd::kFinished, {});
  const auto start = std::chrono::steady_clock::now();
  const auto warning = tracker->AwaitEnd();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  ASSERT_TRUE(warning);
  EXPECT_THAT(*warning, HasSubstr("1 of 1 rows were not recorded, nor the run's end: no entry"));
  EXPECT_EQ(puppet_->calls, 1);
}

TEST_F(BackgroundTrackerTest, AServerThatStaysDownIsGivenUpInTime) {
  puppet_->answer = absl::UnavailableError("down");
  const auto tracker = Make(Short());
  tracker->Log(Row(1));
  tracker->BeginEnd(RunEnd::kFinished, {});
  const auto start = std::chrono::steady_clock::now();
  const auto warning = tracker->AwaitEnd();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  ASSERT_TRUE(warning);
  EXPECT_THAT(*warning, HasSubstr("down"));
}

TEST_F(BackgroundTrackerTest, ATrackerThatCannotBeCancelledIsLeftBehind) {
  puppet_->held = puppet_->deaf = true;
  {
    const auto tracker = Make(Short());
    puppet_->AwaitCalls(1);
    tracker->BeginEnd(RunEnd::kFinished, {});
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(tracker->AwaitEnd());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  }
  puppet_->Release();  // its thread ends, and frees what it holds
}

TEST_F(BackgroundTrackerTest, WithoutAnEndTheRunWasKilled) {
  Make()->Log(Row(1));
  EXPECT_THAT(puppet_->steps, ElementsAre(1));
  EXPECT_THAT(puppet_->ends, ElementsAre(RunEnd::kKilled));
}

TEST(BackgroundTrackerDefaultsTest, ARunWaitsSevenSecondsAtItsEndAtMost) {
  const BackgroundTrackerOptions options;
  EXPECT_LE(options.rows_patience, options.end_patience);
  EXPECT_EQ(options.end_patience + options.cancel_patience, std::chrono::seconds(7));
}

TEST(RunLogTest, OnePlaceThatFailsTakesNothingFromAnother) {
  const auto good = std::make_shared<Puppet>();
  const auto bad = std::make_shared<Puppet>();
  bad->answer = absl::InternalError("broken");
  std::vector<NamedTracker> trackers;
  trackers.push_back({"bad", std::make_unique<PuppetTracker>(bad)});
  trackers.push_back({"good", std::make_unique<PuppetTracker>(good)});
  RunLog log(std::move(trackers), TrackedRun());
  for (int step = 1; step <= 3; ++step) log.Log({.step = step, .time = {}, .scalars = {}});
  EXPECT_THAT(log.Finish(RunEnd::kFinished, {}),
              ElementsAre(HasSubstr("tracking bad: 3 of 3 rows were not recorded")));
  EXPECT_THAT(good->steps, ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace guichet
