#pragma once

#include <array>

#include "server/jobs/job_observer.h"
#include "server/telemetry/metric_builders.h"

namespace guichet {

// The series of training jobs. One a server; the registry outlives it. Thread-safe.
class JobMetrics final : public JobObserver {
 public:
  explicit JobMetrics(prometheus::Registry& registry);

  void OnJobCount(JobState state, std::int64_t jobs) override;
  void OnJobProgress(const JobProgress& progress) override;
  void OnVerdict(std::string_view verdict) override;

 private:
  static constexpr std::size_t kStates = 5;
  static constexpr std::size_t kVerdicts = 3;

  std::array<prometheus::Gauge*, kStates> jobs_{};
  std::array<prometheus::Counter*, kVerdicts> verdicts_{};
  prometheus::Gauge* progress_ = nullptr;
  prometheus::Gauge* loss_ = nullptr;
  prometheus::Gauge* tokens_per_second_ = nullptr;
};

}  // namespace guichet
