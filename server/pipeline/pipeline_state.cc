#include "server/pipeline/pipeline_state.h"

#include <algorithm>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace guichet {
namespace {

// While texts wait, the timer looks at them this often: for cancelled ones, which nobody announces,
// and for the age it reports.
constexpr std::chrono::milliseconds kSweepInterval{100};
// Two sweeps are at least this far apart, so that the timer costs about a hundredth of a core at
// most, however long the queue and whatever the deadlines.
constexpr std::chrono::microseconds kSweepPause{1000};
constexpr std::chrono::microseconds kSweepPausePerText{1};

std::chrono::milliseconds InMilliseconds(std::chrono::nanoseconds time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time);
}

}  // namespace

void Answer(PendingTexts texts, const absl::Status& status, SteadyTime now) {
  for (std::unique_ptr<PendingText>& text : texts) {
    text->item.done({.logits = status, .queue_time = now - text->enqueued});
    text.reset();
  }
}

void Answer(DroppedTexts dropped, SteadyTime now) {
  if (!dropped.cancelled.empty()) {
    Answer(std::move(dropped.cancelled), absl::CancelledError("the caller went away"), now);
  }
  if (!dropped.expired.empty()) {
    Answer(std::move(dropped.expired),
           absl::DeadlineExceededError("the deadline passed while the text waited for a batch: "
                                       "allow more time or send less at once"),
           now);
  }
}

PipelineState::PipelineState(const PipelineOptions& options, const Clock& clock,
                             PipelineObserver& observer)
    : options_(options),
      clock_(clock),
      observer_(observer),
      queue_(options),
      threads_(static_cast<std::size_t>(options.worker_count()) + 1, ThreadState::kRunning) {}

absl::Status PipelineState::Submit(PendingTexts& texts, std::size_t tokens,
                                   SteadyTime first_deadline, WhenFull when_full) {
  const std::size_t count = texts.size();
  std::string_view reason;
  {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.Now();
    absl::Status refusal = Refusal(count, tokens, first_deadline, now, reason);
    if (refusal.ok()) {
      queue_.Push(std::move(texts), now);
      observer_.OnQueueChanged(queue_.texts(), queue_.tokens());
      if (idle_workers_ == 0) WakeTimer(now);
      WakeWorker();
      return absl::OkStatus();
    }
    CountRefusal(refusal, reason, count, when_full);
    return refusal;
  }
}

absl::Status PipelineState::CheckRoom(std::size_t texts, SteadyTime first_deadline,
                                      WhenFull when_full) {
  MutexLock lock(mutex_);
  std::string_view reason;
  // Every text has a token at least.
  absl::Status refusal = Refusal(texts, texts, first_deadline, clock_.Now(), reason);
  if (!refusal.ok()) CountRefusal(refusal, reason, texts, when_full);
  return refusal;
}

void PipelineState::CountRefusal(const absl::Status& refusal, std::string_view reason,
                                 std::size_t texts, WhenFull when_full) {
  if (when_full == WhenFull::kOffersAgain && absl::IsResourceExhausted(refusal)) return;
  observer_.OnRejected(reason, texts);
}

absl::Status PipelineState::Refusal(std::size_t texts, std::size_t tokens,
                                    SteadyTime first_deadline, SteadyTime now,
                                    std::string_view& reason) const {
  if (phase_ != Phase::kOpen) {
    reason = reject_reason::kDraining;
    return absl::UnavailableError("the server is draining: another replica may answer");
  }
  if (first_deadline <= now) {
    reason = reject_reason::kExpired;
    return absl::DeadlineExceededError("the deadline had passed when the call arrived");
  }
  if (texts > options_.max_queue_texts || tokens > options_.max_queue_tokens) {
    reason = reject_reason::kCallTooLarge;
    return absl::InvalidArgumentError(fmt::format(
        "the call holds {} texts of {} tokens, more than ever wait (pipeline.max_queue_texts {}, "
        "pipeline.max_queue_tokens {}): split it",
        texts, tokens, options_.max_queue_texts, options_.max_queue_tokens));
  }
  const RequestQueue::Room room = queue_.RoomFor(texts, tokens);
  const bool full = room != RequestQueue::Room::kYes;
  if (!full && queue_.empty()) return absl::OkStatus();
  const std::chrono::nanoseconds wait = EstimatedWaitAt(now);
  if (full) {
    reason = room == RequestQueue::Room::kTooManyTexts ? reject_reason::kQueueTexts
                                                       : reject_reason::kQueueTokens;
    return absl::ResourceExhaustedError(fmt::format(
        "the queue is full: {} of {} texts and {} of {} tokens wait, about {}: retry later",
        queue_.texts(), options_.max_queue_texts, queue_.tokens(), options_.max_queue_tokens,
        InMilliseconds(wait)));
  }
  if (wait > options_.max_queue_wait) {
    reason = reject_reason::kQueueWait;
    return absl::ResourceExhaustedError(fmt::format(
        "the queue is about {} long, more than pipeline.max_queue_wait of {}: retry later",
        InMilliseconds(wait), options_.max_queue_wait));
  }
  if (wait >= options_.min_refusal_wait && first_deadline - now < wait) {
    reason = reject_reason::kDeadlineTooShort;
    return absl::DeadlineExceededError(
        fmt::format("the deadline is {} away and the queue about {} long: allow more time",
                    InMilliseconds(first_deadline - now), InMilliseconds(wait)));
  }
  return absl::OkStatus();
}

void PipelineState::WakeWorker() {
  if (idle_workers_ == 0 || wake_pending_) return;
  // A worker waits for a fuller batch: wake it when the batch is full or cannot wait.
  if (look_again_at_ != SteadyTime::max() && phase_ == Phase::kOpen &&
      queue_.tokens() < options_.max_batch_tokens && queue_.texts() < options_.max_batch_texts &&
      queue_.earliest_deadline() - 2 * FullBatchTime() >= look_again_at_) {
    return;
  }
  wake_pending_ = true;
  work_.NotifyOne();
}

void PipelineState::WakeTimer(SteadyTime now) {
  if (timer_parked_) {
    timer_parked_ = false;
    last_sweep_ = now;
    sweep_.NotifyOne();
  } else if (NextSweepAt() < sweep_at_) {
    sweep_.NotifyOne();
  }
}

std::chrono::nanoseconds PipelineState::FullBatchTime() const {
  return batch_times_.Predict(options_.max_batch_tokens);
}

std::chrono::nanoseconds PipelineState::EstimatedWait() const {
  MutexLock lock(mutex_);
  return EstimatedWaitAt(clock_.Now());
}

std::chrono::nanoseconds PipelineState::EstimatedWaitAt(SteadyTime now) const {
  using std::chrono::nanoseconds;
  if (!batch_times_.ready()) return nanoseconds(0);
  const auto workers = static_cast<std::size_t>(options_.worker_count());
  nanoseconds first_free(0);
  if (running_.size() == workers) {
    first_free = nanoseconds::max();
    for (const auto& batch : running_) {
      const nanoseconds left = batch->started + batch_times_.Predict(batch->tokens) - now;
      first_free = std::min(first_free, std::max(left, nanoseconds(0)));
    }
  }
  if (queue_.empty()) return first_free;
  const std::size_t mean_tokens = std::max<std::size_t>(queue_.tokens() / queue_.texts(), 1);
  const std::size_t batch_tokens =
      std::min(options_.max_batch_tokens, mean_tokens * options_.max_batch_texts);
  const std::size_t full_batches = queue_.tokens() / batch_tokens;
  const double batch_time = static_cast<double>(batch_times_.Predict(batch_tokens).count());
  return first_free +
         nanoseconds(static_cast<nanoseconds::rep>(batch_time * static_cast<double>(full_batches) /
                                                   static_cast<double>(workers)));
}

PipelineState::Work PipelineState::NextBatch(std::size_t thread, bool after_work) {
  MutexLock lock(mutex_);
  EndWork(after_work);
  while (!abandoned_) {
    Work work{.now = clock_.Now()};
    RequestQueue::Batch batch =
        queue_.TakeBatch(work.now, FullBatchTime(), phase_ == Phase::kOpen, work.dropped);
    if (!batch.texts.empty() || !work.dropped.empty()) {
      ++active_;
      ReportQueue(work.now, work.dropped);
      if (!batch.texts.empty()) {
        work.batch = std::make_shared<RunningBatch>(RunningBatch{.texts = std::move(batch.texts),
                                                                 .tokens = batch.tokens,
                                                                 .reason = batch.reason,
                                                                 .started = work.now,
                                                                 .thread = thread});
        running_.push_back(work.batch);
      }
      look_again_at_ = SteadyTime::max();
      if (!queue_.empty()) {
        if (idle_workers_ == 0) WakeTimer(work.now);
        WakeWorker();
      }
      return work;
    }
    if (phase_ == Phase::kClosed && queue_.empty()) break;
    look_again_at_ = batch.wait_until;
    ++idle_workers_;
    clock_.WaitUntil(mutex_, work_, batch.wait_until);
    --idle_workers_;
    wake_pending_ = false;
  }
  return {.stop = true};
}

std::optional<std::chrono::nanoseconds> PipelineState::Finish(RunningBatch& batch,
                                                              std::size_t failed_texts) {
  MutexLock lock(mutex_);
  if (batch.abandoned) return std::nullopt;
  std::erase_if(running_, [&](const auto& running) { return running.get() == &batch; });
  const std::chrono::nanoseconds infer_time = clock_.Now() - batch.started;
  observer_.OnBatch(batch.texts.size(), batch.tokens, batch.reason, infer_time);
  if (failed_texts > 0) {
    observer_.OnDeviceError();
    observer_.OnRejected(reject_reason::kDevice, failed_texts);
  } else {
    batch_times_.Record(batch.tokens, infer_time);
  }
  return infer_time;
}

SteadyTime PipelineState::NextSweepAt() const {
  const auto pause = kSweepPause + kSweepPausePerText *
                                       static_cast<std::chrono::microseconds::rep>(queue_.texts());
  return std::max(last_sweep_ + pause,
                  std::min(queue_.earliest_deadline(), last_sweep_ + kSweepInterval));
}

PipelineState::Work PipelineState::NextSweep(bool after_work) {
  MutexLock lock(mutex_);
  EndWork(after_work);
  while (!abandoned_ && !(phase_ == Phase::kClosed && queue_.empty())) {
    if (queue_.empty()) {
      timer_parked_ = true;
      clock_.WaitUntil(mutex_, sweep_, SteadyTime::max());
      continue;
    }
    Work work{.now = clock_.Now()};
    sweep_at_ = NextSweepAt();
    if (work.now < sweep_at_) {
      clock_.WaitUntil(mutex_, sweep_, sweep_at_);
      continue;
    }
    last_sweep_ = work.now;
    queue_.Sweep(work.now, work.dropped);
    ReportQueue(work.now, work.dropped);
    if (work.dropped.empty()) continue;
    ++active_;
    return work;
  }
  return {.stop = true};
}

void PipelineState::ReportQueue(SteadyTime now, const DroppedTexts& dropped) {
  observer_.OnQueueChanged(queue_.texts(), queue_.tokens());
  observer_.OnOldestAge(queue_.empty() ? std::chrono::nanoseconds(0) : now - queue_.oldest());
  if (!dropped.expired.empty())
    observer_.OnRejected(reject_reason::kExpired, dropped.expired.size());
  if (!dropped.cancelled.empty())
    observer_.OnRejected(reject_reason::kCancelled, dropped.cancelled.size());
}

bool PipelineState::Settled() const { return abandoned_ || (queue_.empty() && active_ == 0); }

void PipelineState::EndWork(bool after_work) {
  if (!after_work) return;
  --active_;
  if (phase_ != Phase::kOpen) settled_.NotifyAll();
}

}  // namespace guichet
