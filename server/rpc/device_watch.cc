#include "server/rpc/device_watch.h"

#include <utility>

namespace guichet {

DeviceWatch::DeviceWatch(PipelineObserver& next, int errors_to_fail,
                         std::function<void(bool)> on_change)
    : next_(next), errors_to_fail_(errors_to_fail), on_change_(std::move(on_change)) {}

void DeviceWatch::OnQueueChanged(std::size_t texts, std::size_t tokens) {
  next_.OnQueueChanged(texts, tokens);
}

void DeviceWatch::OnOldestAge(std::chrono::nanoseconds age) { next_.OnOldestAge(age); }

void DeviceWatch::OnRejected(std::string_view reason, std::size_t texts) {
  next_.OnRejected(reason, texts);
}

void DeviceWatch::OnBatch(std::size_t texts, std::size_t tokens, BatchCloseReason reason,
                          std::chrono::nanoseconds infer_time) {
  next_.OnBatch(texts, tokens, reason, infer_time);
  // A failed batch is reported first as a batch, then as an error: so this one's predecessor was
  // good when no error came between.
  if (!last_failed_.exchange(false) && errors_in_a_row_.exchange(0) >= errors_to_fail_) {
    on_change_(true);
  }
}

void DeviceWatch::OnDeviceError() {
  next_.OnDeviceError();
  last_failed_.store(true);
  if (errors_in_a_row_.fetch_add(1) + 1 == errors_to_fail_) on_change_(false);
}

}  // namespace guichet
