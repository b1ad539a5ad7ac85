#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace guichet {

// Threads that tokenise calls too large for a callback thread. The work that waits is bounded in
// bytes of text. Every accepted task runs, at the latest in the destructor. Thread-safe.
class TokenizerPool {
 public:
  TokenizerPool(int threads, std::size_t max_waiting_bytes);
  ~TokenizerPool();
  TokenizerPool(const TokenizerPool&) = delete;
  TokenizerPool& operator=(const TokenizerPool&) = delete;

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
