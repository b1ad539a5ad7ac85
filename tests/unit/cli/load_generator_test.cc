#include "client/cli/bench/load_generator.h"

#include <chrono>
#include <deque>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mutex.h"
#include "client/cli/bench/latency_histogram.h"

namespace guichet {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(LatencyHistogramTest, QuantilesAreWithinOneBucket) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), nanoseconds(0));
  EXPECT_EQ(histogram.mean(), nanoseconds(0));
  std::vector<std::int64_t> values;
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(std::int64_t{1} << random() % 30);
    values.back() += static_cast<std::int64_t>(random() % static_cast<unsigned>(values.back()));
    histogram.Record(microseconds(values.back()));
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(
        std::max(1.0, std::ceil(share * static_cast<double>(values.size()))));
    const auto truth = static_cast<double>(values[rank - 1]);
    const double found = static_cast<double>(histogram.Quantile(share).count()) / 1000.0;
    EXPECT_GE(found, truth) << share;
    EXPECT_LE(found, truth * 1.008 + 1e-9) << share;
  }
  EXPECT_EQ(histogram.max(), microseconds(values.back()));
}

TEST(LatencyHistogramTest, TakesAnyDuration) {
  LatencyHistogram histogram;
  histogram.Record(nanoseconds(-5));
  histogram.Record(nanoseconds::max());
  histogram.Record(microseconds(255));
  histogram.Record(microseconds(256));
  EXPECT_EQ(histogram.count(), 4);
  EXPECT_EQ(histogram.Quantile(0.5), microseconds(255));
  EXPECT_EQ(histogram.Quantile(0.25), nanoseconds(0));
}

// Answers on a thread of its own, `delay` after it was asked; one call at a time.
class SlowConnection final : public Connection {
 public:
  explicit SlowConnection(milliseconds delay, absl::Status refusal = absl::OkStatus())
      : delay_(delay), refusal_(std::move(refusal)), thread_([this] { Run(); }) {}
  ~SlowConnection() override {
    {
      MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

  void Classify(ClassifyCall call, ClassifyCallback done) override {
    MutexLock lock(mutex_);
    waiting_.emplace_back(std::move(call), std::move(done));
    changed_.NotifyAll();
  }
  void CheckHealth(const HealthCall&, HealthCallback done) override {
    done(ServingState::kServing);
  }

 private:
  void Run() {
    mutex_.Lock();
    while (!closing_ || !waiting_.empty()) {
      if (waiting_.empty()) {
        changed_.Wait(mutex_);
        continue;
      }
      auto [call, done] = std::move(waiting_.front());
      waiting_.pop_front();
      mutex_.Unlock();
      std::this_thread::sleep_for(delay_);
      ClassifyReply reply;
      for (std::size_t i = 0; i < call.tickets.size(); ++i) {
        reply.results.emplace_back(ClassifiedTicket{.scores = {{"x", 1.0F}}});
      }
      if (refusal_.ok()) {
        done(std::move(reply));
      } else {
        done(refusal_);
      }
      mutex_.Lock();
    }
    mutex_.Unlock();
  }

  const milliseconds delay_;
  const absl::Status refusal_;  // OK: none
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<std::pair<ClassifyCall, ClassifyCallback>> waiting_ GUICHET_GUARDED_BY(mutex_);
  bool closing_ GUICHET_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

const auto kNeverStop = [] { return false; };

TEST(LoadGeneratorTest, AnOpenLoopShowsTheWaitingASlowServerCauses) {
  // Ten times what the server can do: the queue grows, and latencies count from the intended time.
  const std::vector<std::shared_ptr<Connection>> slow = {
      std::make_shared<SlowConnection>(milliseconds(10))};
  const LoadReport open = GenerateLoad(
      slow, {{.body = "x"}},
      {.rate = 1000, .duration = milliseconds(200), .warm_up = milliseconds(0)}, kNeverStop);
  EXPECT_GT(open.latencies.Quantile(0.9), milliseconds(200));
  EXPECT_GT(open.calls, 100);
  EXPECT_LT(open.texts, open.calls);  // those answered after the window do not count as throughput

  const LoadReport closed = GenerateLoad(
      slow, {{.body = "x"}},
      {.concurrency = 1, .duration = milliseconds(200), .warm_up = milliseconds(0)}, kNeverStop);
  EXPECT_LT(closed.latencies.Quantile(0.5), milliseconds(100));
  EXPECT_NEAR(closed.seconds, 0.2, 0.01);
}

TEST(LoadGeneratorTest, CallsBeyondTheBoundAreNotSent) {
  const std::vector<std::shared_ptr<Connection>> slow = {
      std::make_shared<SlowConnection>(milliseconds(50))};
  const LoadReport report = GenerateLoad(slow, {{.body = "x"}},
                                         {.rate = 500,
                                          .max_in_flight = 2,
                                          .texts_per_call = 3,
                                          .duration = milliseconds(200),
                                          .warm_up = milliseconds(0)},
                                         kNeverStop);
  EXPECT_GT(report.errors.at("NOT_SENT"), 0);
  EXPECT_EQ(report.errors.at("NOT_SENT") % 3, 0);  // counted in texts
  EXPECT_LE(report.calls, 8);
}

TEST(LoadGeneratorTest, RefusalsAreTimedApart) {
  const std::vector<std::shared_ptr<Connection>> full = {
      std::make_shared<SlowConnection>(milliseconds(2), absl::ResourceExhaustedError("full"))};
  const LoadReport report = GenerateLoad(
      full, {{.body = "x"}},
      {.concurrency = 1, .duration = milliseconds(100), .warm_up = milliseconds(0)}, kNeverStop);
  EXPECT_EQ(report.latencies.count(), 0);
  EXPECT_EQ(report.refusals.count(), report.errors.at("RESOURCE_EXHAUSTED"));
  EXPECT_GE(report.refusals.Quantile(0.0), milliseconds(2));
}

TEST(LoadGeneratorTest, StopEndsItEarly) {
  const std::vector<std::shared_ptr<Connection>> slow = {
      std::make_shared<SlowConnection>(milliseconds(1))};
  for (const double rate : {0.0, 100.0}) {
    int polls = 0;
    const LoadReport report = GenerateLoad(slow, {{.body = "x"}},
                                           {.concurrency = 2,
                                            .rate = rate,
                                            .duration = std::chrono::hours(1),
                                            .warm_up = milliseconds(0)},
                                           [&polls] { return ++polls > 3; });
    EXPECT_LT(report.seconds, 60.0);
  }
}

}  // namespace
}  // namespace guichet
