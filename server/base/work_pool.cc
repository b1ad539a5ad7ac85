#include "server/base/work_pool.h"

#include <utility>

#include "server/base/thread_name.h"

namespace guichet {

WorkPool::WorkPool(const std::string& name, int threads, std::size_t max_waiting_bytes)
    : max_waiting_bytes_(max_waiting_bytes) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, name] {
      SetThreadName(name);
      Work();
    });
  }
}

WorkPool::~WorkPool() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkPool::Post(std::size_t bytes, std::function<void()> task) {
  const MutexLock lock(mutex_);
  if (closed_ || bytes > max_waiting_bytes_ - waiting_bytes_) return false;
  waiting_bytes_ += bytes;
  waiting_.push_back({bytes, std::move(task)});
  changed_.NotifyOne();
  return true;
}

void WorkPool::Work() {
  while (true) {
    Task task;
    {
      const MutexLock lock(mutex_);
      while (waiting_.empty() && !closed_) changed_.Wait(mutex_);
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    task.run();
    // Only now: what the bytes stand for is held in memory until the task is over.
    const MutexLock lock(mutex_);
    waiting_bytes_ -= task.bytes;
  }
}

}  // namespace guichet
