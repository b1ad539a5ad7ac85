#include "server/telemetry/server_metrics.h"

#include <algorithm>
#include <utility>

namespace guichet {
namespace {

constexpr std::array<std::string_view, 6> kStageNames = {"admit", "tokenize", "queue",
                                                         "batch", "infer",    "respond"};

constexpr std::array<BatchCloseReason, 5> kCloseReasonValues = {
    BatchCloseReason::kTokenBudget, BatchCloseReason::kTextBudget, BatchCloseReason::kQueueEmpty,
    BatchCloseReason::kWaitOver, BatchCloseReason::kVersionChange};

// The pipeline's reasons, then those of the calls' checks. "other" takes whatever is not listed, so
// that the label stays bounded.
constexpr std::array<std::string_view, 20> kRejectReasonNames = {reject_reason::kQueueTexts,
                                                                 reject_reason::kQueueTokens,
                                                                 reject_reason::kQueueWait,
                                                                 reject_reason::kCallTooLarge,
                                                                 reject_reason::kDeadlineTooShort,
                                                                 reject_reason::kExpired,
                                                                 reject_reason::kCancelled,
                                                                 reject_reason::kDraining,
                                                                 reject_reason::kDevice,
                                                                 "texts_per_call",
                                                                 "characters_per_text",
                                                                 "ticket_id_bytes",
                                                                 "invalid_text",
                                                                 "invalid_options",
                                                                 "unknown_model",
                                                                 "not_serving",
                                                                 "too_many_calls",
                                                                 "in_flight_bytes",
                                                                 "tokenizer_queue",
                                                                 "other"};

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

prometheus::Gauge& SingleGauge(prometheus::Registry& registry, const std::string& name,
                               const std::string& help) {
  return GaugeFamily(registry, name, help).Add({});
}

prometheus::Counter& SingleCounter(prometheus::Registry& registry, const std::string& name,
                                   const std::string& help) {
  return CounterFamily(registry, name, help).Add({});
}

}  // namespace

ServerMetrics::ServerMetrics(prometheus::Registry& registry, const MetricBounds& bounds)
    : queue_texts_(&SingleGauge(registry, "queue_texts", "Texts waiting for a batch.")),
      queue_tokens_(&SingleGauge(registry, "queue_tokens", "Tokens waiting for a batch.")),
      queue_oldest_age_(&SingleGauge(registry, "queue_oldest_age_seconds",
                                     "How long the oldest waiting text has waited.")),
      tokens_(&SingleCounter(registry, "tokens_total",
                             "Tokens of accepted texts, special tokens included.")),
      abandoned_(&SingleCounter(registry, "abandoned_calls_total",
                                "Calls and streams whose caller left before the answer.")),
      truncated_(&SingleCounter(registry, "truncated_total",
                                "Texts whose tail was cut because the model reads no more.")),
      device_errors_(
          &SingleCounter(registry, "device_errors_total", "Batches that failed on the device.")),
      device_busy_(&SingleGauge(registry, "device_busy_ratio",
                                "Share of the time since the last scrape that batches ran; above "
                                "1 with several workers.")) {
  auto& stages = HistogramFamily(registry, "stage_duration_seconds",
                                 "Time of one text in each stage; the stages of a call add up.");
  for (std::size_t i = 0; i < kStages; ++i) {
    stages_[i] = &stages.Add({{"stage", std::string(kStageNames[i])}}, LatencyBuckets());
  }
  auto& closed =
      CounterFamily(registry, "batch_closed_total", "Batches, by the reason that closed them.");
  for (const BatchCloseReason reason : kCloseReasonValues) {
    batch_closed_[static_cast<std::size_t>(reason)] =
        &closed.Add({{"reason", std::string(NameOf(reason))}});
  }
  auto& rejected =
      CounterFamily(registry, "rejected_total", "Texts and calls refused or dropped, by reason.");
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    rejected_[i] = &rejected.Add({{"reason", std::string(kRejectReasonNames[i])}});
  }
  batch_texts_ = &HistogramFamily(registry, "batch_texts", "Texts of a batch.")
                      .Add({}, PowersOfTwo(static_cast<double>(bounds.max_batch_texts)));
  batch_tokens_ = &HistogramFamily(registry, "batch_tokens", "Tokens of a batch.")
                       .Add({}, PowersOfTwo(static_cast<double>(bounds.max_batch_tokens)));
  // For boards that watch other servers too: there is no padding to measure here.
  SingleGauge(registry, "padding_ratio",
              "Share of the computed positions that hold no token: 0, as rows are packed.");
  unknown_tokens_ =
      &HistogramFamily(registry, "unknown_token_ratio",
                       "Share of a text's tokens that the vocabulary does not know.")
           .Add({}, prometheus::Histogram::BucketBoundaries{0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5});
}

void ServerMetrics::OnQueueChanged(std::size_t texts, std::size_t tokens) {
  queue_texts_->Set(static_cast<double>(texts));
  queue_tokens_->Set(static_cast<double>(tokens));
}

void ServerMetrics::OnOldestAge(std::chrono::nanoseconds age) {
  queue_oldest_age_->Set(Seconds(age));
}

void ServerMetrics::OnRejected(std::string_view reason, std::size_t texts) {
  const auto known = std::find(kRejectReasonNames.begin(), kRejectReasonNames.end(), reason);
  const std::size_t index = known == kRejectReasonNames.end()
                                ? kRejectReasons - 1
                                : static_cast<std::size_t>(known - kRejectReasonNames.begin());
  rejected_[index]->Increment(static_cast<double>(texts));
}

void ServerMetrics::OnBatch(std::size_t texts, std::size_t tokens, BatchCloseReason reason,
                            std::chrono::nanoseconds infer_time) {
  batch_texts_->Observe(static_cast<double>(texts));
  batch_tokens_->Observe(static_cast<double>(tokens));
  batch_closed_[static_cast<std::size_t>(reason)]->Increment();
  busy_nanoseconds_.fetch_add(infer_time.count(), std::memory_order_relaxed);
}

void ServerMetrics::OnDeviceError() { device_errors_->Increment(); }

void ServerMetrics::ObserveStage(Stage stage, std::chrono::nanoseconds time) {
  stages_[static_cast<std::size_t>(stage)]->Observe(Seconds(time));
}

void ServerMetrics::CountText(std::size_t tokens, std::size_t unknown_tokens, bool truncated) {
  tokens_->Increment(static_cast<double>(tokens));
  if (truncated) truncated_->Increment();
  unknown_tokens_->Observe(static_cast<double>(unknown_tokens) /
                           static_cast<double>(std::max<std::size_t>(tokens, 1)));
}

void ServerMetrics::UpdateDeviceBusy(SteadyTime now) {
  const MutexLock lock(scrape_mutex_);
  const std::int64_t busy = busy_nanoseconds_.exchange(0, std::memory_order_relaxed);
  const std::optional<SteadyTime> last = std::exchange(last_scrape_, now);
  if (!last.has_value() || now <= *last) return;
  device_busy_->Set(static_cast<double>(busy) / static_cast<double>((now - *last).count()));
}

void ServerMetrics::ExportCertificateExpiry(prometheus::Registry& registry, WallTime expiry) {
  GaugeFamily(registry, "certificate_expiry_timestamp_seconds",
              "When the server's certificate expires, Unix time.")
      .Add({})
      .Set(std::chrono::duration<double>(expiry.time_since_epoch()).count());
}

void ServerMetrics::ExportLimit(prometheus::Registry& registry, const std::string& limit,
                                double value) {
  GaugeFamily(registry, "limit", "Configured bounds of queues, requests and connections.")
      .Add({{"limit", limit}})
      .Set(value);
}

void ServerMetrics::ExportBuild(prometheus::Registry& registry, const std::string& version) {
#if defined(__clang__)
  const std::string compiler = "clang " __clang_version__;
#else
  const std::string compiler = "g++ " __VERSION__;
#endif
#if defined(NDEBUG)
  const std::string build = "optimised";
#else
  const std::string build = "debug";
#endif
  GaugeFamily(registry, "build_info", "Constant 1; the labels say what runs.")
      .Add({{"version", version}, {"compiler", compiler}, {"build", build}})
      .Set(1);
}

}  // namespace guichet
