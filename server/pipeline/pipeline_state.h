#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/pipeline/batch_time_model.h"
#include "server/pipeline/inference_item.h"
#include "server/pipeline/pipeline_observer.h"
#include "server/pipeline/pipeline_options.h"
#include "server/pipeline/request_queue.h"

namespace guichet {

// A batch on the device. Its worker owns it but for `done` of its texts, which belongs to whoever
// takes the batch off PipelineState's list of running ones.
struct RunningBatch {
  PendingTexts texts;
  std::size_t tokens = 0;
  BatchCloseReason reason = BatchCloseReason::kQueueEmpty;
  SteadyTime started;
  std::size_t thread = 0;
  bool abandoned = false;  // under PipelineState's lock: its callers were answered by Shutdown
};

// Calls `done` of every text with `status`. Never under a lock.
void Answer(PendingTexts texts, const absl::Status& status, SteadyTime now);
void Answer(DroppedTexts dropped, SteadyTime now);

// What the pipeline's door, workers and timer share: the queue, what runs, and who waits for what.
// Held by shared_ptr from each of them. Thread-safe. Invariants: a text is in the queue, in a
// running batch or with the thread that answers it; once `abandoned_` is set neither the clock nor
// the observer is touched.
class PipelineState {
 public:
  PipelineState(const PipelineOptions& options, const Clock& clock, PipelineObserver& observer);

  // For the door. Submit leaves `texts` untouched when it refuses.
  absl::Status Submit(PendingTexts& texts, std::size_t tokens, SteadyTime first_deadline,
                      WhenFull when_full);
  absl::Status CheckRoom(std::size_t texts, SteadyTime first_deadline, WhenFull when_full);
  std::chrono::nanoseconds EstimatedWait() const;
  void Drain();
  void Shutdown(SteadyTime deadline);
  void FailQueued();
  // Waits for a thread's end. False: it is stuck in the device and has not ended by the deadline.
  bool AwaitThread(std::size_t thread, SteadyTime deadline);

  // For the threads. What to do next; blocks until there is something. `after_work`: everything the
  // previous call returned has been answered.
  struct Work {
    std::shared_ptr<RunningBatch> batch = nullptr;
    DroppedTexts dropped = {};  // to be answered before the batch is run
    SteadyTime now = {};
    bool stop = false;
  };
  Work NextBatch(std::size_t thread, bool after_work);
  Work NextSweep(bool after_work);
  // A batch came back from the device: the time it took there. Nothing: its callers were answered,
  // the thread must end.
  std::optional<std::chrono::nanoseconds> Finish(RunningBatch& batch, std::size_t failed_texts);
  void ThreadEnded(std::size_t thread);

  const PipelineOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }

 private:
  enum class Phase { kOpen, kDraining, kClosed };

  absl::Status Refusal(std::size_t texts, std::size_t tokens, SteadyTime first_deadline,
                       SteadyTime now, std::string_view& reason) const GUICHET_REQUIRES(mutex_);
  void CountRefusal(const absl::Status& refusal, std::string_view reason, std::size_t texts,
                    WhenFull when_full) GUICHET_REQUIRES(mutex_);
  std::chrono::nanoseconds EstimatedWaitAt(SteadyTime now) const GUICHET_REQUIRES(mutex_);
  std::chrono::nanoseconds FullBatchTime() const GUICHET_REQUIRES(mutex_);
  void WakeWorker() GUICHET_REQUIRES(mutex_);
  void WakeTimer(SteadyTime now) GUICHET_REQUIRES(mutex_);
  void ReportQueue(SteadyTime now, const DroppedTexts& dropped) GUICHET_REQUIRES(mutex_);
  bool Settled() const GUICHET_REQUIRES(mutex_);
  void EndWork(bool after_work) GUICHET_REQUIRES(mutex_);
  SteadyTime NextSweepAt() const GUICHET_REQUIRES(mutex_);

  const PipelineOptions options_;
  const Clock& clock_;
  PipelineObserver& observer_;

  mutable Mutex mutex_;
  ConditionVariable work_;     // workers: texts to batch, or the end
  ConditionVariable sweep_;    // the timer: something to watch, or the end
  ConditionVariable settled_;  // Shutdown, AwaitThread: a thread finished something
  RequestQueue queue_ GUICHET_GUARDED_BY(mutex_);
  BatchTimeModel batch_times_ GUICHET_GUARDED_BY(mutex_);
  Phase phase_ GUICHET_GUARDED_BY(mutex_) = Phase::kOpen;
  bool abandoned_ GUICHET_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<RunningBatch>> running_ GUICHET_GUARDED_BY(mutex_);
  int active_ GUICHET_GUARDED_BY(mutex_) = 0;  // threads with texts in their hands
  int idle_workers_ GUICHET_GUARDED_BY(mutex_) = 0;
  bool wake_pending_ GUICHET_GUARDED_BY(mutex_) =
      false;  // a worker was notified and has not come yet
  // When an idle worker that waits for a fuller batch looks again; max: only when notified.
  SteadyTime look_again_at_ GUICHET_GUARDED_BY(mutex_) = SteadyTime::max();
  bool timer_parked_ GUICHET_GUARDED_BY(mutex_) = true;
  SteadyTime sweep_at_ GUICHET_GUARDED_BY(mutex_) = SteadyTime::max();
  SteadyTime last_sweep_ GUICHET_GUARDED_BY(mutex_);
  enum class ThreadState { kRunning, kStuck, kEnded };
  std::vector<ThreadState> threads_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
