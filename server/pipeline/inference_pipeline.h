#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "server/pipeline/inference_item.h"
#include "server/pipeline/pipeline_options.h"

namespace guichet {

class PipelineObserver;
class PipelineState;

// Queue, batch policy and workers behind one door. Submit never blocks; everything submitted is
// answered exactly once: with logits, or with DEADLINE_EXCEEDED (expired in the queue), CANCELLED
// (caller gone), UNAVAILABLE (shutting down), INVALID_ARGUMENT (the classifier refused this text's
// tokens) or INTERNAL (device failed). A batch never mixes versions. Thread-safe.
class InferencePipeline {
 public:
  // Called once on each worker's thread before its first batch, with the number of threads one
  // batch's operations may use: pass SetInferenceThreads.
  using WorkerStart = std::function<void(int threads)>;

  // `options` are valid, and nothing in them is left to ForDevice; `clock` and `observer` outlive
  // the pipeline.
  InferencePipeline(const PipelineOptions& options, const Clock& clock, PipelineObserver& observer,
                    const WorkerStart& on_worker_start = nullptr);
  // Fails what is queued UNAVAILABLE and waits for the batches on the device, for at most
  // stuck_device_wait; then they are failed too and their threads left behind.
  ~InferencePipeline();
  InferencePipeline(const InferencePipeline&) = delete;
  InferencePipeline& operator=(const InferencePipeline&) = delete;

  // Takes all items of a call or none. Not OK: nothing was taken and no `done` will be called.
  // RESOURCE_EXHAUSTED: the queue has no room now (EstimatedWait says when to retry).
  // DEADLINE_EXCEEDED: the deadline is over or the wait would outlast it. UNAVAILABLE: draining.
  // INVALID_ARGUMENT: an item lacks model, tokens or done, or the call alone exceeds the queue.
  absl::Status Submit(std::vector<InferenceItem> items, WhenFull when_full = WhenFull::kGivesUp);

  // What Submit would say now to a call of so many texts, of which nothing more is known yet: asked
  // before the work of tokenising them. Counts like a refusal by Submit when it is one.
  absl::Status CheckRoom(std::size_t texts, SteadyTime first_deadline,
                         WhenFull when_full = WhenFull::kGivesUp);

  // How long a text submitted now would wait for its batch, from the time recent batches took: what
  // RetryInfo and admission use. 0 while too few batches were measured.
  std::chrono::nanoseconds EstimatedWait() const;

  // Stops admission; queued work is still done. Then Shutdown waits for it until `deadline` and
  // fails the rest UNAVAILABLE, the batches on the device included.
  void Drain();
  void Shutdown(SteadyTime deadline);

 private:
  // Shared with the threads, so that one stuck in the device may outlive the pipeline.
  std::shared_ptr<PipelineState> state_;
  std::vector<std::thread> threads_;
};

}  // namespace guichet
