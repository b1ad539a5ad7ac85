#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/inference/text_generator.h"
#include "server/generation/generation_service_options.h"
#include "server/telemetry/generation_metrics.h"

namespace guichet {

// How a task ended. Without sequences when the status is not OK.
struct GenerationOutcome {
  absl::Status status;
  std::vector<GeneratedSequence> sequences;
  std::chrono::nanoseconds waited{0};  // in the queue
  std::chrono::nanoseconds took{0};    // the model
};

// What is to be generated for one call, and who hears of it. Shared by the call and the worker.
struct GenerationTask {
  std::vector<TokenId> ids;
  GenerationOptions options;
  SteadyTime deadline;
  // The tokens of a step that stand for good, on the worker's thread.
  std::function<void(std::span<const NewToken>)> on_tokens;
  // Once, on any thread, when nothing of the task is under way any more.
  std::function<void(const GenerationOutcome&)> on_end;

  std::atomic<bool> cancelled{false};  // by GenerationWorker::Cancel
  SteadyTime submitted;                // by GenerationWorker::Submit
};

// Generates the texts of tasks one after the other, in a thread of its own whose priority is the
// configured one, so that classification hardly notices. Thread-safe.
class GenerationWorker {
 public:
  // Borrows clock and metrics. `on_start` is told the number of threads, on the worker's thread;
  // may be null.
  GenerationWorker(std::shared_ptr<const TextGenerator> generator,
                   const GenerationServiceOptions& options, const Clock& clock,
                   GenerationMetrics& metrics, std::function<void(int)> on_start = {});
  ~GenerationWorker();  // Stop
  GenerationWorker(const GenerationWorker&) = delete;
  GenerationWorker& operator=(const GenerationWorker&) = delete;

  // The task's end is told by on_end, unless this fails. RESOURCE_EXHAUSTED: the queue is full;
  // UNAVAILABLE: draining.
  absl::Status Submit(const std::shared_ptr<GenerationTask>& task);
  // Ends the task CANCELLED: at once while it waits, else after the step under way.
  void Cancel(const std::shared_ptr<GenerationTask>& task);

  // How long a task submitted now would wait, from the time that recent ones took.
  std::chrono::nanoseconds EstimatedWait() const;

  // Takes no more tasks and ends those that wait UNAVAILABLE; the one at work goes on.
  void Drain();
  // Drain; ends the one at work UNAVAILABLE after the step under way, and the thread.
  void Stop();

  const TextGenerator& generator() const { return *generator_; }
  const GenerationServiceOptions& options() const { return options_; }

 private:
  void Work();
  GenerationOutcome Run(GenerationTask& task);

  const std::shared_ptr<const TextGenerator> generator_;
  const GenerationServiceOptions options_;
  const Clock& clock_;
  GenerationMetrics& metrics_;
  const std::function<void(int)> on_start_;
  std::atomic<bool> stopping_{false};

  mutable Mutex mutex_;
  std::deque<std::shared_ptr<GenerationTask>> waiting_ GUICHET_GUARDED_BY(mutex_);
  bool busy_ GUICHET_GUARDED_BY(mutex_) = false;
  bool draining_ GUICHET_GUARDED_BY(mutex_) = false;
  std::chrono::nanoseconds usual_time_ GUICHET_GUARDED_BY(mutex_){0};  // of a task; 0: unknown
  ConditionVariable changed_;

  std::thread thread_;
};

}  // namespace guichet
