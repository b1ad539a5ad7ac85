#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace guichet {

// A clock that stands still until the test moves it. Who waits on it is woken when its time moves,
// so a test of deadlines needs no sleep. Thread-safe; it outlives its waiters.
class FakeClock final : public Clock {
 public:
  SteadyTime Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }

  WallTime WallNow() const override {
    MutexLock lock(mutex_);
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch()));
  }

  void WaitUntil(Mutex& mutex, ConditionVariable& condition, SteadyTime deadline) const override
      GUICHET_REQUIRES(mutex) {
    {
      MutexLock lock(mutex_);
      if (now_ >= deadline) return;
      waiters_.push_back({&mutex, &condition, deadline});
    }
    condition.Wait(mutex);
    MutexLock lock(mutex_);
    const auto self = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
      return waiter.condition == &condition && waiter.deadline == deadline;
    });
    waiters_.erase(self);
  }

  void Advance(std::chrono::nanoseconds step) {
    std::vector<Waiter> due;
    {
      MutexLock lock(mutex_);
      now_ += std::chrono::duration_cast<SteadyTime::duration>(step);
      for (const Waiter& waiter : waiters_) {
        if (waiter.deadline <= now_) due.push_back(waiter);
      }
    }
    for (const Waiter& waiter : due) {
      // With its lock free the waiter is inside its wait, or has left it.
      {
        MutexLock lock(*waiter.mutex);
      }
      waiter.condition->NotifyAll();
    }
  }

 private:
  struct Waiter {
    Mutex* mutex;
    ConditionVariable* condition;
    SteadyTime deadline;
  };

  mutable Mutex mutex_;
  SteadyTime now_ GUICHET_GUARDED_BY(mutex_) = SteadyTime(std::chrono::hours(1));
  mutable std::vector<Waiter> waiters_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
