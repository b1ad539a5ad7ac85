#include "server/registry/janitor.h"

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace guichet {
namespace {

// Tells on which thread it was destroyed.
struct Large {
  explicit Large(std::promise<std::thread::id>& given) : destroyed(given) {}
  ~Large() { destroyed.set_value(std::this_thread::get_id()); }
  std::promise<std::thread::id>& destroyed;
};

TEST(JanitorTest, TheLastReleaseDestroysOnAnotherThread) {
  std::promise<std::thread::id> destroyed;
  Janitor janitor;
  std::shared_ptr<Large> first = janitor.Wrap(std::make_unique<Large>(destroyed));
  std::shared_ptr<Large> second = first;
  auto where = destroyed.get_future();
  first.reset();
  EXPECT_EQ(where.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  second.reset();
  EXPECT_NE(where.get(), std::this_thread::get_id());
}

TEST(JanitorTest, TheDestructorDestroysWhatWaits) {
  std::promise<std::thread::id> destroyed;
  {
    Janitor janitor;
    janitor.Wrap(std::make_unique<Large>(destroyed)).reset();
  }
  EXPECT_EQ(destroyed.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

TEST(JanitorTest, ObjectsMayOutliveIt) {
  std::promise<std::thread::id> destroyed;
  std::shared_ptr<Large> object;
  {
    Janitor janitor;
    object = janitor.Wrap(std::make_unique<Large>(destroyed));
  }
  object.reset();
  EXPECT_EQ(destroyed.get_future().get(), std::this_thread::get_id());
}

TEST(JanitorTest, ReleasesFromManyThreads) {
  std::atomic<int> alive{0};
  struct Counted {
    explicit Counted(std::atomic<int>& given) : count(given) { ++count; }
    ~Counted() { --count; }
    std::atomic<int>& count;
  };
  {
    Janitor janitor;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) janitor.Wrap(std::make_unique<Counted>(alive)).reset();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(alive.load(), 0);
}

}  // namespace
}  // namespace guichet
