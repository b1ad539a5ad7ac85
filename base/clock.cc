#include "base/clock.h"

namespace guichet {
namespace {

class SystemClock final : public Clock {
 public:
  SteadyTime Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

void Clock::WaitUntil(Mutex& mutex, ConditionVariable& condition, SteadyTime deadline) const {
  if (deadline == SteadyTime::max()) {
    condition.Wait(mutex);
  } else {
    condition.WaitUntil(mutex, deadline);
  }
}

const Clock& Clock::System() {
  static const SystemClock clock;
  return clock;
}

}  // namespace guichet
