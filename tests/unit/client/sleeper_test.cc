#include "client/sleeper.h"

#include <future>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace guichet {
namespace {

using std::chrono::seconds;

TEST(ThreadSleeperTest, WakesInTheOrderOfTime) {
  FakeClock clock;
  ThreadSleeper sleeper(clock);
  std::string order;  // written on the sleeper's one thread only
  std::promise<void> done;
  sleeper.Sleep(seconds(2), [&order, &done] {
    order += "2";
    done.set_value();
  });
  sleeper.Sleep(seconds(1), [&order] { order += "1"; });
  clock.Advance(seconds(2));
  // The clock may have moved before the thread began to wait on it: then the wait ends at once.
  done.get_future().wait();
  EXPECT_EQ(order, "12");
}

TEST(ThreadSleeperTest, ZeroDelayWakesWithoutTheClock) {
  FakeClock clock;
  ThreadSleeper sleeper(clock);
  std::promise<void> done;
  sleeper.Sleep(seconds(0), [&done] { done.set_value(); });
  done.get_future().wait();
}

TEST(ThreadSleeperTest, WakeAllEndsSleepsNowAndLater) {
  FakeClock clock;
  ThreadSleeper sleeper(clock);
  std::promise<void> first;
  std::promise<void> second;
  sleeper.Sleep(seconds(3600), [&first] { first.set_value(); });
  sleeper.WakeAll();
  first.get_future().wait();
  sleeper.Sleep(seconds(3600), [&second] { second.set_value(); });
  second.get_future().wait();
}

TEST(ThreadSleeperTest, DestructionWakesSleepersAndThoseTheyStart) {
  FakeClock clock;
  int woken = 0;
  auto sleeper = std::make_unique<ThreadSleeper>(clock);
  ThreadSleeper* raw = sleeper.get();
  sleeper->Sleep(seconds(3600), [&woken, raw] {
    ++woken;
    raw->Sleep(seconds(3600), [&woken] { ++woken; });
  });
  sleeper.reset();
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace guichet
