#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define GUICHET_ATTRIBUTE(x) __attribute__((x))
#else
#define GUICHET_ATTRIBUTE(x)
#endif
#define GUICHET_GUARDED_BY(mutex) GUICHET_ATTRIBUTE(guarded_by(mutex))
#define GUICHET_REQUIRES(...) GUICHET_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define GUICHET_EXCLUDES(...) GUICHET_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace guichet {

// std::mutex with clang's thread-safety annotations. The system's absl::Mutex is not used: it is
// not instrumented, so the thread sanitizer reports false races on everything it guards.
class GUICHET_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() GUICHET_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() GUICHET_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

// Holds a Mutex for a scope.
class GUICHET_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) GUICHET_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() GUICHET_ATTRIBUTE(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition variable over Mutex. Waits may wake spuriously: callers loop on their condition.
class ConditionVariable {
 public:
  void Wait(Mutex& mutex) GUICHET_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns false when the deadline passed first.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      GUICHET_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool woken = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace guichet
