// The end of a pipeline: draining, failing what is left, leaving a stuck device behind.

#include <utility>

#include "server/pipeline/pipeline_state.h"

namespace guichet {
namespace {

absl::Status ShuttingDown() {
  return absl::UnavailableError("the server is shutting down: another replica may answer");
}

}  // namespace

void PipelineState::Drain() {
  MutexLock lock(mutex_);
  if (phase_ == Phase::kOpen) phase_ = Phase::kDraining;
  work_.NotifyAll();  // nothing more will come to make a batch fuller
}

void PipelineState::FailQueued() {
  PendingTexts left;
  SteadyTime now;
  {
    MutexLock lock(mutex_);
    phase_ = Phase::kClosed;
    work_.NotifyAll();
    sweep_.NotifyAll();
    if (abandoned_) return;
    now = clock_.Now();
    left = queue_.TakeAll();
    if (left.empty()) return;
    ReportQueue(now, {});
    observer_.OnRejected(reject_reason::kDraining, left.size());
  }
  Answer(std::move(left), ShuttingDown(), now);
}

void PipelineState::Shutdown(SteadyTime deadline) {
  std::vector<std::pair<std::function<void(InferenceResult)>, std::chrono::nanoseconds>> stuck;
  {
    MutexLock lock(mutex_);
    phase_ = Phase::kClosed;
    work_.NotifyAll();
    sweep_.NotifyAll();
    while (!Settled() && clock_.Now() < deadline) clock_.WaitUntil(mutex_, settled_, deadline);
  }
  FailQueued();
  {
    MutexLock lock(mutex_);
    for (const std::shared_ptr<RunningBatch>& batch : running_) {
      batch->abandoned = true;
      threads_[batch->thread] = ThreadState::kStuck;
      for (std::unique_ptr<PendingText>& text : batch->texts) {
        stuck.emplace_back(std::move(text->item.done), batch->started - text->enqueued);
      }
    }
    running_.clear();
    if (!stuck.empty()) {
      abandoned_ = true;
      observer_.OnRejected(reject_reason::kDraining, stuck.size());
      work_.NotifyAll();
      sweep_.NotifyAll();
      settled_.NotifyAll();
    }
  }
  for (auto& [done, queue_time] : stuck) {
    done({.logits = ShuttingDown(), .queue_time = queue_time});
  }
}

bool PipelineState::AwaitThread(std::size_t thread, SteadyTime deadline) {
  MutexLock lock(mutex_);
  for (;;) {
    if (threads_[thread] == ThreadState::kEnded) return true;
    const bool stuck = threads_[thread] == ThreadState::kStuck;
    if (stuck && clock_.Now() >= deadline) return false;
    clock_.WaitUntil(mutex_, settled_, stuck ? deadline : SteadyTime::max());
  }
}

void PipelineState::ThreadEnded(std::size_t thread) {
  MutexLock lock(mutex_);
  threads_[thread] = ThreadState::kEnded;
  settled_.NotifyAll();
}

}  // namespace guichet
