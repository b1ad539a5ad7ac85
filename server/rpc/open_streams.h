#pragma once

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace guichet {

// A call that lives until its client or the server ends it.
class DrainableStream {
 public:
  virtual ~DrainableStream() = default;
  // Reads no more; ends once what was read is answered. Any thread.
  virtual void Drain() = 0;
};

// The streams that are open, so that a drain can end those whose clients would keep them for hours.
// Thread-safe. Holds one entry a stream, and no stream alive.
class OpenStreams {
 public:
  void Add(const std::shared_ptr<DrainableStream>& stream) {
    bool draining = false;
    {
      const MutexLock lock(mutex_);
      streams_.emplace(stream.get(), stream);
      draining = draining_;
    }
    if (draining) stream->Drain();
  }

  void Remove(const DrainableStream* stream) {
    const MutexLock lock(mutex_);
    streams_.erase(stream);
  }

  // Streams added later are drained at once.
  void Drain() {
    std::vector<std::shared_ptr<DrainableStream>> open;
    {
      const MutexLock lock(mutex_);
      draining_ = true;
      for (const auto& [address, stream] : streams_) {
        if (std::shared_ptr<DrainableStream> alive = stream.lock())
          open.push_back(std::move(alive));
      }
    }
    for (const std::shared_ptr<DrainableStream>& stream : open) stream->Drain();
  }

 private:
  Mutex mutex_;
  bool draining_ GUICHET_GUARDED_BY(mutex_) = false;
  std::unordered_map<const DrainableStream*, std::weak_ptr<DrainableStream>> streams_
      GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
