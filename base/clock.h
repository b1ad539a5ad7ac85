#pragma once

#include <chrono>

#include "base/mutex.h"

namespace guichet {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

// Where the time comes from; tests pass a fake (tests/support/fake_clock.h). Safe to call from any
// thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime Now() const = 0;    // for deadlines and durations
  virtual WallTime WallNow() const = 0;  // for timestamps that people read

  // Waits on `condition` until it is notified or Now() reaches `deadline` (SteadyTime::max(): only
  // until notified). May wake spuriously. A fake clock wakes its waiters when its time moves.
  virtual void WaitUntil(Mutex& mutex, ConditionVariable& condition, SteadyTime deadline) const
      GUICHET_REQUIRES(mutex);

  // The machine's clock; lives for ever.
  static const Clock& System();
};

}  // namespace guichet
