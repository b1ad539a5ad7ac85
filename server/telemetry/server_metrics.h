#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "server/pipeline/pipeline_observer.h"
#include "server/telemetry/metric_builders.h"

namespace guichet {

// The stages of one text's way, in order; their times add up to the call's (design: the way of one
// ticket).
enum class Stage { kAdmit, kTokenize, kQueue, kBatch, kInfer, kRespond };

// Sizes that shape the histograms' buckets.
struct MetricBounds {
  std::size_t max_batch_texts = 256;
  std::size_t max_batch_tokens = 2048;
};

// The series of the request path that belong to no method and no model version, and what the
// pipeline reports of itself. One a server; the registry outlives it. Thread-safe and wait-free but
// for the histograms' own short locks.
class ServerMetrics final : public PipelineObserver {
 public:
  ServerMetrics(prometheus::Registry& registry, const MetricBounds& bounds);

  void OnQueueChanged(std::size_t texts, std::size_t tokens) override;
  void OnOldestAge(std::chrono::nanoseconds age) override;
  void OnRejected(std::string_view reason, std::size_t texts) override;
  void OnBatch(std::size_t texts, std::size_t tokens, BatchCloseReason reason,
               std::chrono::nanoseconds infer_time) override;
  void OnDeviceError() override;

  void ObserveStage(Stage stage, std::chrono::nanoseconds time);
  // A caller left before its answer.
  void CountAbandonedCall() { abandoned_->Increment(); }
  // A text was tokenised.
  void CountText(std::size_t tokens, std::size_t unknown_tokens, bool truncated);
  // Sets the share of time the device worked since the last scrape; called at each, with the time
  // of Clock::Now().
  void UpdateDeviceBusy(SteadyTime now);

  // Puts a configured bound on show: guichet_limit{limit="queue_texts"}.
  static void ExportLimit(prometheus::Registry& registry, const std::string& limit, double value);
  static void ExportCertificateExpiry(prometheus::Registry& registry, WallTime expiry);
  // guichet_build_info.
  static void ExportBuild(prometheus::Registry& registry, const std::string& version);

 private:
  static constexpr std::size_t kStages = 6;
  static constexpr std::size_t kCloseReasons = 5;
  static constexpr std::size_t kRejectReasons = 20;

  std::array<prometheus::Histogram*, kStages> stages_{};
  std::array<prometheus::Counter*, kCloseReasons> batch_closed_{};
  std::array<prometheus::Counter*, kRejectReasons> rejected_{};
  prometheus::Gauge* queue_texts_ = nullptr;
  prometheus::Gauge* queue_tokens_ = nullptr;
  prometheus::Gauge* queue_oldest_age_ = nullptr;
  prometheus::Histogram* batch_texts_ = nullptr;
  prometheus::Histogram* batch_tokens_ = nullptr;
  prometheus::Counter* tokens_ = nullptr;
  prometheus::Counter* abandoned_ = nullptr;
  prometheus::Counter* truncated_ = nullptr;
  prometheus::Histogram* unknown_tokens_ = nullptr;
  prometheus::Counter* device_errors_ = nullptr;
  prometheus::Gauge* device_busy_ = nullptr;
  std::atomic<std::int64_t> busy_nanoseconds_{0};
  Mutex scrape_mutex_;
  std::optional<SteadyTime> last_scrape_ GUICHET_GUARDED_BY(scrape_mutex_);
};

}  // namespace guichet
