#include "server/feedback/quality_watch.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/status_macros.h"
#include "model/bundle/training_mix.h"
#include "server/base/thread_name.h"
#include "server/store/feedback_table.h"
#include "server/store/times.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

constexpr std::chrono::seconds kInterval(5);

}  // namespace

QualityWatch::QualityWatch(const FeedbackOptions& options, Database& database,
                           const ModelRegistry& registry, const Clock& clock)
    : options_(options), database_(database), registry_(registry), clock_(clock) {}

QualityWatch::~QualityWatch() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void QualityWatch::Start() {
  thread_ = std::thread([this] { Run(); });
}

void QualityWatch::Update() {
  const MutexLock lock(updating_);
  const std::vector<std::int64_t> loaded = registry_.Versions("");
  std::erase_if(windows_, [&](const auto& entry) {
    return std::find(loaded.begin(), loaded.end(), entry.first) == loaded.end();
  });
  for (const std::int64_t number : loaded) {
    const auto version = registry_.Acquire({.version = number});
    if (!version.ok()) continue;  // unloaded meanwhile
    LabelWindow& window =
        windows_.try_emplace(number, LabelWindow(options_.drift_window)).first->second;
    const auto recent = window.Update(clock_.Now(), (*version)->metrics->Predictions());
    (*version)->metrics->SetLabelDrift(
        LabelDrift(TrainingMix((*version)->classifier->manifest()), recent));
    TellAccuracy(**version);
  }
}

void QualityWatch::TellAccuracy(const LoadedVersion& version) {
  FeedbackScore score;
  const std::int64_t since = ToMicros(clock_.WallNow() - options_.accuracy_window);
  const absl::Status read = database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(score,
                             ScoreVersion(transaction, version.name, version.version, since));
    return absl::OkStatus();
  });
  if (!read.ok()) return Log(LogLevel::kWarning, "database", {{"error", read.ToString()}});
  version.metrics->SetFeedbackAccuracy(score.judged == 0 ? std::numeric_limits<double>::quiet_NaN()
                                                         : static_cast<double>(score.right) /
                                                               static_cast<double>(score.judged));
}

void QualityWatch::Run() {
  SetThreadName("quality");
  while (true) {
    Update();
    const MutexLock lock(mutex_);
    const SteadyTime next = clock_.Now() + kInterval;
    while (!stopping_ && clock_.Now() < next) clock_.WaitUntil(mutex_, changed_, next);
    if (stopping_) return;
  }
}

}  // namespace guichet
