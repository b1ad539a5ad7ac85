#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace guichet {

// Threads for work that would hold up a callback thread. The work that waits is bounded in bytes,
// as its callers count them. Every accepted task runs, at the latest in the destructor.
// Thread-safe.
class WorkPool {
 public:
  WorkPool(const std::string& name, int threads, std::size_t max_waiting_bytes);
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // Runs `task` soon. False: too much waits already, and the task will not run.
  bool Post(std::size_t bytes, std::function<void()> task);

 private:
  struct Task {
    std::size_t bytes;
    std::function<void()> run;
  };

  void Work();

  const std::size_t max_waiting_bytes_;

  Mutex mutex_;
  std::deque<Task> waiting_ GUICHET_GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ GUICHET_GUARDED_BY(mutex_) = 0;
  bool closed_ GUICHET_GUARDED_BY(mutex_) = false;
  ConditionVariable changed_;

  std::vector<std::thread> threads_;
};

}  // namespace guichet
