#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "server/feedback/feedback_options.h"
#include "server/feedback/label_window.h"
#include "server/registry/model_registry.h"
#include "server/store/database.h"

namespace guichet {

// Tells of every loaded version, each few seconds, how it does: the drift of its answers' labels
// and its accuracy as people's feedback shows it. Reads the counters that answers raise anyway, so
// that no call pays for it. Thread-safe.
class QualityWatch {
 public:
  // All outlive it.
  QualityWatch(const FeedbackOptions& options, Database& database, const ModelRegistry& registry,
               const Clock& clock);
  ~QualityWatch();
  QualityWatch(const QualityWatch&) = delete;
  QualityWatch& operator=(const QualityWatch&) = delete;

  // Starts the thread.
  void Start();
  // What the thread does each time; blocks on the disk.
  void Update();

 private:
  void Run();
  void TellAccuracy(const LoadedVersion& version);

  const FeedbackOptions options_;
  Database& database_;
  const ModelRegistry& registry_;
  const Clock& clock_;

  Mutex updating_;
  std::map<std::int64_t, LabelWindow> windows_ GUICHET_GUARDED_BY(updating_);  // of loaded versions

  Mutex mutex_;
  ConditionVariable changed_;
  bool stopping_ GUICHET_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace guichet
