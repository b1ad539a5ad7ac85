#include "server/pipeline/pipeline_options.h"

#include <algorithm>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace guichet {
namespace {

template <typename T>
void Check(const char* name, const T& value, const Range<T>& range, std::string& errors) {
  if (range.Contains(value)) return;
  errors += fmt::format("{}pipeline.{} is {}: it must be {} to {}", errors.empty() ? "" : "; ",
                        name, value, range.min, range.max);
}

}  // namespace

PipelineOptions PipelineOptions::ForDevice(bool gpu, int cores) const {
  PipelineOptions chosen = *this;
  if (workers == 0) chosen.workers = gpu ? 1 : std::clamp(cores, 1, kMostCpuWorkers);
  if (threads_per_worker == 0) chosen.threads_per_worker = std::max(cores / chosen.workers, 1);
  if (gpu) chosen.worker_nice = 0;  // the device must not wait for its worker
  return chosen;
}

absl::Status PipelineOptions::Validate() const {
  std::string errors;
  Check("max_queue_texts", max_queue_texts, kMaxQueueTexts, errors);
  Check("max_queue_tokens", max_queue_tokens, kMaxQueueTokens, errors);
  Check("max_queue_wait", max_queue_wait, kMaxQueueWait, errors);
  Check("max_batch_tokens", max_batch_tokens, kMaxBatchTokens, errors);
  Check("max_batch_texts", max_batch_texts, kMaxBatchTexts, errors);
  Check("max_batch_wait", max_batch_wait, kMaxBatchWait, errors);
  Check("length_window_texts", length_window_texts, kLengthWindowTexts, errors);
  Check("max_length_sort_delay", max_length_sort_delay, kMaxLengthSortDelay, errors);
  Check("min_refusal_wait", min_refusal_wait, kMinRefusalWait, errors);
  Check("workers", workers, kWorkers, errors);
  Check("threads_per_worker", threads_per_worker, kThreadsPerWorker, errors);
  Check("worker_nice", worker_nice, kWorkerNice, errors);
  Check("stuck_device_wait", stuck_device_wait, kStuckDeviceWait, errors);
  return errors.empty() ? absl::OkStatus() : absl::InvalidArgumentError(errors);
}

}  // namespace guichet
