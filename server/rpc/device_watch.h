#pragma once

#include <atomic>
#include <functional>

#include "server/pipeline/pipeline_observer.h"

namespace guichet {

// Passes the pipeline's reports on and tells when the device has failed `errors_to_fail` batches in
// a row, and when it works again: an error that sticks (a lost GPU, an assert in a kernel) must
// turn health to NOT_SERVING. Thread-safe.
class DeviceWatch final : public PipelineObserver {
 public:
  // `next` outlives this; `on_change` is called with true (healthy) or false.
  DeviceWatch(PipelineObserver& next, int errors_to_fail, std::function<void(bool)> on_change);

  void OnQueueChanged(std::size_t texts, std::size_t tokens) override;
  void OnOldestAge(std::chrono::nanoseconds age) override;
  void OnRejected(std::string_view reason, std::size_t texts) override;
  void OnBatch(std::size_t texts, std::size_t tokens, BatchCloseReason reason,
               std::chrono::nanoseconds infer_time) override;
  void OnDeviceError() override;

 private:
  PipelineObserver& next_;
  const int errors_to_fail_;
  const std::function<void(bool)> on_change_;
  std::atomic<int> errors_in_a_row_{0};
  std::atomic<bool> last_failed_{false};
};

}  // namespace guichet
