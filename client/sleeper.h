#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"

namespace guichet {

// Waits between attempts without holding a thread for each. Safe from any thread.
class Sleeper {
 public:
  using Wake = std::function<void()>;

  virtual ~Sleeper() = default;
  // Runs `wake` once: after `delay`, or as soon as WakeAll is called. Not before it returns.
  virtual void Sleep(std::chrono::nanoseconds delay, Wake wake) = 0;
  // Wakes everybody asleep now, and later sleepers at once.
  virtual void WakeAll() = 0;
};

// The real one: a thread of its own, started by the first sleep. Wakes run on that thread one after
// another and must not block. The destructor wakes everybody first.
class ThreadSleeper final : public Sleeper {
 public:
  explicit ThreadSleeper(const Clock& clock) : clock_(clock) {}
  ~ThreadSleeper() override;

  void Sleep(std::chrono::nanoseconds delay, Wake wake) override;
  void WakeAll() override;

 private:
  void Run();
  void Start() GUICHET_REQUIRES(mutex_);

  const Clock& clock_;

  Mutex mutex_;
  ConditionVariable changed_;
  std::multimap<SteadyTime, Wake> asleep_ GUICHET_GUARDED_BY(mutex_);
  bool waking_all_ GUICHET_GUARDED_BY(mutex_) = false;
  bool stopping_ GUICHET_GUARDED_BY(mutex_) = false;
  std::thread thread_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
