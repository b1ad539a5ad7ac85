#include "client/sleeper.h"

#include <utility>

namespace guichet {

ThreadSleeper::~ThreadSleeper() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    waking_all_ = true;
    stopping_ = true;
    thread = std::move(thread_);
    changed_.NotifyAll();
  }
  if (thread.joinable()) thread.join();
}

void ThreadSleeper::Sleep(std::chrono::nanoseconds delay, Wake wake) {
  MutexLock lock(mutex_);
  asleep_.emplace(clock_.Now() + delay, std::move(wake));
  if (!stopping_ && !thread_.joinable()) Start();
  changed_.NotifyAll();
}

void ThreadSleeper::WakeAll() {
  MutexLock lock(mutex_);
  waking_all_ = true;
  changed_.NotifyAll();
}

void ThreadSleeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ThreadSleeper::Run() {
  mutex_.Lock();
  while (!(stopping_ && asleep_.empty())) {
    if (asleep_.empty()) {
      clock_.WaitUntil(mutex_, changed_, SteadyTime::max());
      continue;
    }
    const auto first = asleep_.begin();
    if (!waking_all_ && clock_.Now() < first->first) {
      clock_.WaitUntil(mutex_, changed_, first->first);
      continue;
    }
    {
      const Wake wake = std::move(first->second);
      asleep_.erase(first);
      mutex_.Unlock();
      wake();
    }
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace guichet
