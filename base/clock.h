#pragma once

#include <chrono>

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

  // The machine's clock; lives for ever.
  static const Clock& System();
};

}  // namespace guichet
