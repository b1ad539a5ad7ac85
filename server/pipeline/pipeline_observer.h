#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace guichet {

// Why a batch was closed, in the words of the metric's label.
enum class BatchCloseReason { kTokenBudget, kTextBudget, kQueueEmpty, kWaitOver, kVersionChange };
std::string_view NameOf(BatchCloseReason reason);

// Why the pipeline refused or dropped texts, in the words of the metric's label.
namespace reject_reason {
inline constexpr std::string_view kQueueTexts = "queue_texts";
inline constexpr std::string_view kQueueTokens = "queue_tokens";
inline constexpr std::string_view kQueueWait = "queue_wait";         // full, counted in time
inline constexpr std::string_view kCallTooLarge = "call_too_large";  // alone exceeds the queue
inline constexpr std::string_view kDeadlineTooShort = "deadline_too_short";  // to wait for a batch
inline constexpr std::string_view kExpired = "expired";
inline constexpr std::string_view kCancelled = "cancelled";
inline constexpr std::string_view kDraining = "draining";
inline constexpr std::string_view kDevice = "device";  // failed
}  // namespace reject_reason

// What the pipeline reports of itself; the server's metrics implement it. Called from any thread
// and under the pipeline's lock: it must neither block nor call the pipeline.
class PipelineObserver {
 public:
  virtual ~PipelineObserver() = default;
  virtual void OnQueueChanged(std::size_t texts, std::size_t tokens) = 0;
  virtual void OnOldestAge(std::chrono::nanoseconds age) = 0;
  // One of reject_reason.
  virtual void OnRejected(std::string_view reason, std::size_t texts) = 0;
  virtual void OnBatch(std::size_t texts, std::size_t tokens, BatchCloseReason reason,
                       std::chrono::nanoseconds infer_time) = 0;
  virtual void OnDeviceError() = 0;
};

}  // namespace guichet
