#include "server/feedback/prediction_recorder.h"

#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "server/base/thread_name.h"
#include "server/store/times.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

constexpr std::chrono::seconds kWriteInterval(1);

// The second best of two or more logits.
std::size_t RunnerUp(std::span<const float> logits, std::size_t best) {
  std::size_t second = best == 0 ? 1 : 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (i != best && logits[i] > logits[second]) second = i;
  }
  return second;
}

std::size_t BytesOf(const PredictionRecord& record) {
  return sizeof(record) + record.ticket_id.size() + record.subject.size() + record.body.size();
}

}  // namespace

PredictionRecorder::PredictionRecorder(const FeedbackOptions& options, Database& database,
                                       FeedbackMetrics& metrics, const Clock& clock)
    : options_(options), database_(database), metrics_(metrics), clock_(clock) {}

PredictionRecorder::~PredictionRecorder() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  Flush();
}

void PredictionRecorder::Start() {
  thread_ = std::thread([this] { Run(); });
}

void PredictionRecorder::Offer(const LoadedVersion& model, const OfferedPrediction& prediction) {
  const auto best_score = static_cast<double>(prediction.best.score);
  // The second best has at most what the best leaves.
  if (prediction.ticket_id.empty() || 2 * best_score - 1 >= kSureMargin) return;
  if (prediction.logits.size() < 2) return;
  const auto best = static_cast<std::size_t>(prediction.best.label);
  const std::size_t second = RunnerUp(prediction.logits, best);
  const auto gap = static_cast<double>(prediction.logits[second] - prediction.logits[best]);
  const double margin = best_score * (1 - std::exp(gap / model.classifier->manifest().temperature));
  if (!(margin < kSureMargin)) return;
  const std::vector<std::string>& labels = model.classifier->labels();
  PredictionRecord record{.model = model.name,
                          .ticket_id = std::string(prediction.ticket_id),
                          .version = model.version,
                          .predicted = labels[best],
                          .runner_up = labels[second],
                          .margin = margin,
                          .time = ToMicros(clock_.WallNow()),
                          .subject = {},
                          .body = {}};
  if (options_.keep_texts) {
    record.subject = prediction.subject;
    record.body = prediction.body;
  }
  const std::size_t bytes = BytesOf(record);
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() < kMaxWaiting && waiting_bytes_ + bytes <= kMaxWaitingBytes) {
      waiting_.push_back(std::move(record));
      waiting_bytes_ += bytes;
      return;
    }
  }
  metrics_.CountPredictions(/*kept=*/false, 1);
}

void PredictionRecorder::Flush() {
  std::vector<PredictionRecord> records;
  {
    const MutexLock lock(mutex_);
    records.swap(waiting_);
    waiting_bytes_ = 0;
  }
  if (records.empty()) return;
  const absl::Status status = database_.Transact([&](SqlTransaction& transaction) {
    return InsertPredictions(transaction, records,
                             static_cast<std::int64_t>(options_.max_predictions));
  });
  metrics_.CountPredictions(status.ok(), records.size());
  if (!status.ok()) {
    Log(LogLevel::kWarning, "predictions for review are lost", {{"error", status.ToString()}});
  }
}

void PredictionRecorder::Run() {
  SetThreadName("review");
  while (true) {
    {
      const MutexLock lock(mutex_);
      const SteadyTime next = clock_.Now() + kWriteInterval;
      while (!stopping_ && clock_.Now() < next) clock_.WaitUntil(mutex_, changed_, next);
      if (stopping_) return;
    }
    Flush();
  }
}

}  // namespace guichet
