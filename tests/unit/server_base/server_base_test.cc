#include <array>
#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include "server/base/range.h"
#include "server/base/thread_name.h"
#include "server/base/thread_priority.h"

namespace guichet {
namespace {

TEST(RangeTest, ContainsBothEnds) {
  constexpr Range<int> kRange{2, 5};
  EXPECT_FALSE(kRange.Contains(1));
  EXPECT_TRUE(kRange.Contains(2));
  EXPECT_TRUE(kRange.Contains(5));
  EXPECT_FALSE(kRange.Contains(6));
}

TEST(ThreadNameTest, NamesTheCallingThreadAndCutsLongNames) {
  std::array<char, 32> name{};
  std::thread([&] {
    SetThreadName("batch-0");
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  }).join();
  EXPECT_STREQ(name.data(), "batch-0");
  std::thread([&] {
    SetThreadName("a-name-longer-than-the-kernel-keeps");
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  }).join();
  EXPECT_STREQ(name.data(), "a-name-longer-t");
}

TEST(ThreadPriorityTest, IsOfTheCallingThreadAlone) {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  std::thread([&] {
    SetThreadNice(19);
    EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), 19);
  }).join();
  std::thread([] {
    ComputeWhenIdle();
    EXPECT_EQ(::sched_getscheduler(0), SCHED_IDLE);
  }).join();
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
  EXPECT_NE(::sched_getscheduler(0), SCHED_IDLE);
}

}  // namespace
}  // namespace guichet
