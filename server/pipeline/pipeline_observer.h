#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace guichet {

// Why a batch was closed, in the words of the metric's label.
enum class BatchCloseReason { kTokenBudget, kTextBudget, kQueueEmpty, kWaitOver, kVersionChange };
std::string_view NameOf(BatchCloseReason reason);

// What the pipeline reports of itself; the server's metrics implement it. Called from any thread
// and under the pipeline's lock: it must neither block nor call the pipeline.
class PipelineObserver {
 public:
  virtual ~PipelineObserver() = default;
  virtual void OnQueueChanged(std::size_t texts, std::size_t tokens) = 0;
  virtual void OnOldestAge(std::chrono::nanoseconds age) = 0;
  // reason: "queue_texts", "queue_tokens" (full), "too_large" (the call alone exceeds the queue),
  // "deadline" (the wait would outlast it), "expired", "cancelled", "draining", "device".
  virtual void OnRejected(std::string_view reason, std::size_t texts) = 0;
  virtual void OnBatch(std::size_t texts, std::size_t tokens, BatchCloseReason reason,
                       std::chrono::nanoseconds infer_time) = 0;
  virtual void OnDeviceError() = 0;
};

}  // namespace guichet
