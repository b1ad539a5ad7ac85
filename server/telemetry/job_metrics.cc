#include "server/telemetry/job_metrics.h"

namespace guichet {
namespace {

constexpr std::array<std::string_view, 3> kAllVerdicts = {"PROMOTE", "HOLD", "REJECT"};

}  // namespace

JobMetrics::JobMetrics(prometheus::Registry& registry) {
  auto& jobs = GaugeFamily(registry, "jobs", "Training jobs, by state.");
  for (const JobState state : kJobStates) {
    jobs_[static_cast<std::size_t>(state)] = &jobs.Add({{"state", std::string(NameOf(state))}});
  }
  auto& verdicts = CounterFamily(registry, "job_verdict_total",
                                 "Candidates that the gate judged, by its verdict.");
  for (std::size_t i = 0; i < kVerdicts; ++i) {
    verdicts_[i] = &verdicts.Add({{"verdict", std::string(kAllVerdicts[i])}});
  }
  progress_ = &GaugeFamily(registry, "job_progress_ratio",
                           "Share of its updates that the job at work, or the last one, has made.")
                   .Add({});
  loss_ = &GaugeFamily(registry, "job_loss", "Its training loss, averaged over the last updates.")
               .Add({});
  tokens_per_second_ =
      &GaugeFamily(registry, "job_tokens_per_second", "Tokens it trains on in a second.").Add({});
}

void JobMetrics::OnJobCount(JobState state, std::int64_t jobs) {
  jobs_[static_cast<std::size_t>(state)]->Set(static_cast<double>(jobs));
}

void JobMetrics::OnJobProgress(const JobProgress& progress) {
  if (progress.total_steps > 0) progress_->Set(progress.Ratio());
  if (progress.loss) loss_->Set(*progress.loss);
  if (progress.tokens_per_second) tokens_per_second_->Set(*progress.tokens_per_second);
}

void JobMetrics::OnVerdict(std::string_view verdict) {
  for (std::size_t i = 0; i < kVerdicts; ++i) {
    if (verdict == kAllVerdicts[i]) verdicts_[i]->Increment();
  }
}

}  // namespace guichet
