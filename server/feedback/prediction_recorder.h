#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/inference/prediction.h"
#include "server/feedback/feedback_options.h"
#include "server/registry/model_registry.h"
#include "server/store/database.h"
#include "server/store/prediction_table.h"
#include "server/telemetry/feedback_metrics.h"

namespace guichet {

// One answer, borrowed for the call.
struct OfferedPrediction {
  std::string_view ticket_id;
  std::string_view subject;
  std::string_view body;
  std::span<const float> logits;
  ScoredLabel best;
};

// Keeps the uncertain ones of the answers that are given, for the review queue: in memory at once,
// in the database once a second by a thread of its own. Who offers never waits for the disk: what
// comes when the second's room is full is counted and dropped. Answers without a ticket id are
// nobody's to label. Thread-safe.
class PredictionRecorder {
 public:
  // An answer whose margin is this or more is sure enough.
  static constexpr double kSureMargin = 0.5;
  // What one second keeps at most.
  static constexpr std::size_t kMaxWaiting = 1024;
  static constexpr std::size_t kMaxWaitingBytes = std::size_t{8} << 20;

  // All outlive it.
  PredictionRecorder(const FeedbackOptions& options, Database& database, FeedbackMetrics& metrics,
                     const Clock& clock);
  ~PredictionRecorder();  // writes what waits
  PredictionRecorder(const PredictionRecorder&) = delete;
  PredictionRecorder& operator=(const PredictionRecorder&) = delete;

  // Starts the thread.
  void Start();

  // Costs a comparison for a sure answer, else a few copies under a short lock.
  void Offer(const LoadedVersion& model, const OfferedPrediction& prediction);
  // Writes what waits; blocks on the disk.
  void Flush();

 private:
  void Run();

  const FeedbackOptions options_;
  Database& database_;
  FeedbackMetrics& metrics_;
  const Clock& clock_;

  Mutex mutex_;
  ConditionVariable changed_;
  std::vector<PredictionRecord> waiting_ GUICHET_GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ GUICHET_GUARDED_BY(mutex_) = 0;
  bool stopping_ GUICHET_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace guichet
