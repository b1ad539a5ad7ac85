#include "server/base/work_pool.h"

#include <atomic>
#include <future>
#include <string>

#include <gtest/gtest.h>

namespace guichet {
namespace {

TEST(WorkPoolTest, BoundsTheBytesThatWaitOrRun) {
  WorkPool pool("test", 1, 100);
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  std::promise<void> started;
  ASSERT_TRUE(pool.Post(60, [&] {
    started.set_value();
    gone.wait();
  }));
  started.get_future().wait();
  EXPECT_FALSE(pool.Post(41, [] {}));
  EXPECT_TRUE(pool.Post(40, [] {}));
  EXPECT_FALSE(pool.Post(1, [] {}));
  go.set_value();
  std::promise<void> later;
  while (!pool.Post(100, [&later] { later.set_value(); })) {  // room again once both have run
  }
  later.get_future().wait();
}

TEST(WorkPoolTest, ATaskLargerThanTheBoundIsRefused) {
  WorkPool pool("test", 1, 100);
  EXPECT_FALSE(pool.Post(101, [] {}));
}

TEST(WorkPoolTest, EveryAcceptedTaskRuns) {
  std::atomic<int> run{0};
  int accepted = 0;
  {
    WorkPool pool("test", 2, 1000);
    for (int i = 0; i < 500; ++i) accepted += pool.Post(1, [&run] { ++run; }) ? 1 : 0;
  }
  EXPECT_EQ(accepted, 500);
  EXPECT_EQ(run.load(), 500);
}

}  // namespace
}  // namespace guichet
