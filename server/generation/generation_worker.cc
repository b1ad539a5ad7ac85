#include "server/generation/generation_worker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "server/base/thread_name.h"
#include "server/base/thread_priority.h"

namespace guichet {
namespace {

using std::chrono::nanoseconds;

absl::Status Draining() {
  return absl::UnavailableError("the server is draining; another replica may answer");
}

absl::Status CallerGone() { return absl::CancelledError("the caller has gone"); }

GenerationOutcome Ended(absl::Status status) {
  GenerationOutcome outcome;
  outcome.status = std::move(status);
  return outcome;
}

// The call that on_end holds may end with it, and with the call this task's other owner: nothing of
// the task is touched afterwards.
void End(GenerationTask& task, const GenerationOutcome& outcome) {
  const auto on_end = std::exchange(task.on_end, {});
  on_end(outcome);
}

}  // namespace

GenerationWorker::GenerationWorker(std::shared_ptr<const TextGenerator> generator,
                                   const GenerationServiceOptions& options, const Clock& clock,
                                   GenerationMetrics& metrics, std::function<void(int)> on_start)
    : generator_(std::move(generator)),
      options_(options),
      clock_(clock),
      metrics_(metrics),
      on_start_(std::move(on_start)),
      thread_([this] { Work(); }) {}

GenerationWorker::~GenerationWorker() { Stop(); }

absl::Status GenerationWorker::Submit(const std::shared_ptr<GenerationTask>& task) {
  const MutexLock lock(mutex_);
  if (draining_) return Draining();
  if (waiting_.size() >= options_.max_queued_calls) {
    metrics_.CountRefusal();
    return absl::ResourceExhaustedError(
        fmt::format("{} generations wait already (generation.max_queued_calls); try again later",
                    waiting_.size()));
  }
  task->submitted = clock_.Now();
  waiting_.push_back(task);
  metrics_.SetWaiting(waiting_.size());
  changed_.NotifyAll();
  return absl::OkStatus();
}

void GenerationWorker::Cancel(const std::shared_ptr<GenerationTask>& task) {
  task->cancelled = true;
  {
    const MutexLock lock(mutex_);
    const auto found = std::find(waiting_.begin(), waiting_.end(), task);
    if (found == waiting_.end()) return;
    waiting_.erase(found);
    metrics_.SetWaiting(waiting_.size());
  }
  End(*task, Ended(CallerGone()));
}

nanoseconds GenerationWorker::EstimatedWait() const {
  const MutexLock lock(mutex_);
  return usual_time_ * static_cast<std::int64_t>(waiting_.size() + (busy_ ? 1 : 0));
}

void GenerationWorker::Drain() {
  std::deque<std::shared_ptr<GenerationTask>> left;
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    left.swap(waiting_);
    metrics_.SetWaiting(0);
    changed_.NotifyAll();
  }
  for (const std::shared_ptr<GenerationTask>& task : left) End(*task, Ended(Draining()));
}

void GenerationWorker::Stop() {
  stopping_ = true;
  Drain();
  if (thread_.joinable()) thread_.join();
}

void GenerationWorker::Work() {
  SetThreadName("generation");
  if (options_.priority == "idle") ComputeWhenIdle();
  if (on_start_) on_start_(options_.threads);
  while (true) {
    std::shared_ptr<GenerationTask> task;
    {
      const MutexLock lock(mutex_);
      busy_ = false;
      while (waiting_.empty() && !draining_) changed_.Wait(mutex_);
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
      metrics_.SetWaiting(waiting_.size());
      busy_ = true;
    }
    metrics_.SetRunning(true);
    const GenerationOutcome outcome = Run(*task);
    metrics_.SetRunning(false);
    if (outcome.status.ok()) {
      const MutexLock lock(mutex_);
      // A moving mean over about four tasks.
      usual_time_ = usual_time_.count() == 0 ? outcome.took : (3 * usual_time_ + outcome.took) / 4;
    }
    End(*task, outcome);
  }
}

GenerationOutcome GenerationWorker::Run(GenerationTask& task) {
  if (task.cancelled) return Ended(CallerGone());
  const SteadyTime begin = clock_.Now();
  if (begin >= task.deadline) {
    return Ended(absl::DeadlineExceededError(
        "the deadline passed while the text waited for others to be generated"));
  }
  bool late = false;
  bool first = true;
  const GenerationObserver observer = [&](std::span<const NewToken> tokens) {
    if (task.cancelled || stopping_) return false;
    if (clock_.Now() >= task.deadline) {
      late = true;
      return false;
    }
    if (!tokens.empty()) {
      if (std::exchange(first, false)) metrics_.ObserveFirstToken(clock_.Now() - task.submitted);
      task.on_tokens(tokens);
    }
    return true;
  };
  const GenerationInput row{.ids = task.ids, .stream = 0};
  auto rows = generator_->Generate({&row, 1}, task.options, observer);
  GenerationOutcome outcome;
  outcome.status = rows.status();
  outcome.waited = begin - task.submitted;
  outcome.took = clock_.Now() - begin;
  if (rows.ok()) {
    outcome.sequences = std::move(rows->front());
    for (const GeneratedSequence& sequence : outcome.sequences) {
      metrics_.CountTokens(sequence.ids.size() - 1);
    }
  } else if (late) {
    outcome.status = absl::DeadlineExceededError(
        "the deadline passed before the text was whole; ask for a smaller max_length or num_beams");
  } else if (stopping_ && absl::IsCancelled(rows.status())) {
    outcome.status = Draining();
  } else if (absl::IsCancelled(rows.status())) {
    outcome.status = CallerGone();
  }
  return outcome;
}

}  // namespace guichet
