#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/inference/text_classifier.h"
#include "server/pipeline/pipeline_options.h"

namespace guichet {

class PipelineObserver;

// A model version in service. Held by leases: whoever holds the pointer keeps the version loaded.
struct ServedModel {
  std::string name;
  std::int64_t version = 0;
  std::shared_ptr<const TextClassifier> classifier;
};
using ModelLease = std::shared_ptr<const ServedModel>;

// Set by the caller's side when nobody waits for the answer any more; read before the item reaches
// the device.
using CancellationFlag = std::shared_ptr<const std::atomic<bool>>;

// What the pipeline says of one text. Times are this text's own.
struct InferenceResult {
  absl::StatusOr<std::vector<float>> logits;  // raw, one for each label
  std::chrono::nanoseconds queue_time{0};     // enqueue to the start of its batch
  std::chrono::nanoseconds infer_time{0};     // of its batch
};

// One tokenised text on its way to the device.
struct InferenceItem {
  ModelLease model;
  std::vector<TokenId> tokens;
  SteadyTime deadline = SteadyTime::max();
  CancellationFlag cancelled;  // may be null
  // Called exactly once, from any thread, never under a lock of the pipeline.
  std::function<void(InferenceResult)> done;
};

// Queue, batch policy and workers behind one door. Submit never blocks; everything submitted is
// answered exactly once: with logits, or with RESOURCE_EXHAUSTED (full), DEADLINE_EXCEEDED
// (expired), CANCELLED (caller gone), UNAVAILABLE (shutting down) or INTERNAL (device failed). A
// batch never mixes versions. Thread-safe.
class InferencePipeline {
 public:
  InferencePipeline(const PipelineOptions& options, const Clock& clock, PipelineObserver& observer);
  ~InferencePipeline();  // Shutdown()

  // Takes all items of a call or none. On RESOURCE_EXHAUSTED or UNAVAILABLE nothing was taken and
  // no `done` will be called.
  absl::Status Submit(std::vector<InferenceItem> items);

  // How long a text submitted now would wait, from the recent token rate: what RetryInfo and
  // admission use.
  std::chrono::nanoseconds EstimatedWait() const;

  // Stops admission; queued work is still done. Then Shutdown waits for it until `deadline` and
  // fails the rest UNAVAILABLE.
  void Drain();
  void Shutdown(SteadyTime deadline);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace guichet
