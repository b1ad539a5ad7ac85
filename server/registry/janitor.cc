#include "server/registry/janitor.h"

#include <utility>
#include <vector>

#include <malloc.h>

#include "base/mutex.h"
#include "server/base/thread_name.h"

namespace guichet {

struct Janitor::Queue {
  Mutex mutex;
  std::vector<std::shared_ptr<const void>> waiting GUICHET_GUARDED_BY(mutex);
  bool closed GUICHET_GUARDED_BY(mutex) = false;
  ConditionVariable changed;
};

void Janitor::Release::operator()(const void*) {
  std::shared_ptr<const void> dropped = std::move(object);
  const MutexLock lock(queue->mutex);
  if (queue->closed) return;  // destroyed here, after the lock is released
  queue->waiting.push_back(std::move(dropped));
  queue->changed.NotifyOne();
}

Janitor::Janitor()
    : queue_(std::make_shared<Queue>()), thread_([queue = queue_] { Run(*queue); }) {}

Janitor::~Janitor() {
  {
    const MutexLock lock(queue_->mutex);
    queue_->closed = true;
    queue_->changed.NotifyOne();
  }
  thread_.join();
}

void Janitor::Run(Queue& queue) {
  SetThreadName("janitor");
  for (bool open = true; open;) {
    std::vector<std::shared_ptr<const void>> rubbish;
    {
      const MutexLock lock(queue.mutex);
      while (queue.waiting.empty() && !queue.closed) queue.changed.Wait(queue.mutex);
      rubbish.swap(queue.waiting);
      open = !queue.closed;
    }
    if (rubbish.empty()) continue;
    rubbish.clear();
    // A tokenizer is thousands of small pieces in the heap of the thread that loaded it; freed,
    // they stay with that heap, and each load would add to the process.
    ::malloc_trim(0);
  }
}

}  // namespace guichet
