#include "model/tracking/background_tracker.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/mutex.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;

// Written at once: about one request of MLflow's.
constexpr std::size_t kRowsAtOnce = 128;
// While the run waits for its end, an error that may pass is tried again this soon.
constexpr milliseconds kPauseAtEnd(200);

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status);
}

struct Ending {
  RunEnd end = RunEnd::kFinished;
  std::vector<TrackedValue> summary;
  SteadyTime rows_deadline;
  SteadyTime deadline;
};

}  // namespace

struct BackgroundTracker::State {
  State(std::string given_name, std::unique_ptr<RunTracker> given_tracker, TrackedRun given_run,
        const BackgroundTrackerOptions& given_options, const Clock& given_clock)
      : name(std::move(given_name)),
        options(given_options),
        clock(given_clock),
        run(std::move(given_run)),
        tracker(std::move(given_tracker)) {}

  const std::string name;
  const BackgroundTrackerOptions options;
  const Clock& clock;
  const TrackedRun run;
  const std::unique_ptr<RunTracker> tracker;  // the worker's, but for Cancel

  Mutex mutex;
  ConditionVariable changed;
  std::deque<TrackedRow> rows GUICHET_GUARDED_BY(mutex);
  std::optional<Ending> ending GUICHET_GUARDED_BY(mutex);
  std::size_t given GUICHET_GUARDED_BY(mutex) = 0;    // rows
  std::size_t written GUICHET_GUARDED_BY(mutex) = 0;  // rows
  absl::Status error GUICHET_GUARDED_BY(mutex);       // the last one
  bool given_up GUICHET_GUARDED_BY(mutex) = false;    // nothing more will be written
  bool end_written GUICHET_GUARDED_BY(mutex) = false;
  bool over GUICHET_GUARDED_BY(mutex) = false;  // the worker has left
};

// The thread's side: one step after the other until the end is written or nothing can be.
class BackgroundTracker::Worker {
 public:
  explicit Worker(std::shared_ptr<State> state)
      : state_(std::move(state)), pause_(state_->options.first_pause) {}

  void Run() {
    BlockSignals();
    while (AwaitWork()) {
      const absl::Status status = Step();
      if (!Continue(status)) break;
    }
    const MutexLock lock(state_->mutex);
    state_->rows.clear();
    state_->given_up = true;
    state_->over = true;
    state_->changed.NotifyAll();
  }

 private:
  // Signals are the other threads' business; a broken connection must not raise one.
  static void BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  }

  // Takes rows when there are some. False: the time for the end is over.
  bool AwaitWork() {
    const MutexLock lock(state_->mutex);
    while (started_ && batch_.empty() && state_->rows.empty() && !state_->ending) {
      state_->changed.Wait(state_->mutex);
    }
    const SteadyTime now = state_->clock.Now();
    if (state_->ending && now >= state_->ending->deadline) return false;
    if (state_->ending && now >= state_->ending->rows_deadline) {
      state_->rows.clear();
      batch_.clear();
    }
    while (batch_.size() < kRowsAtOnce && !state_->rows.empty()) {
      batch_.push_back(std::move(state_->rows.front()));
      state_->rows.pop_front();
    }
    return true;
  }

  absl::Status Step() {
    if (!started_) {
      absl::Status status = state_->tracker->Start(state_->run);
      started_ = status.ok();
      return status;
    }
    if (!batch_.empty()) {
      std::size_t written = 0;
      absl::Status status = state_->tracker->Log(batch_, written);
      batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(written));
      const MutexLock lock(state_->mutex);
      state_->written += written;
      return status;
    }
    std::optional<Ending> ending;
    {
      const MutexLock lock(state_->mutex);
      ending = state_->ending;
    }
    if (!ending) return absl::OkStatus();
    absl::Status status = state_->tracker->Finish(ending->end, ending->summary);
    finished_ = status.ok();
    return status;
  }

  // False: the end is written, or nothing can be. Pauses after an error.
  bool Continue(const absl::Status& status) {
    const MutexLock lock(state_->mutex);
    state_->end_written = finished_;
    if (finished_) return false;
    if (status.ok()) {
      pause_ = state_->options.first_pause;
      return true;
    }
    state_->error = status;
    if (!MayPass(status)) return false;
    const bool ending_before = state_->ending.has_value();
    const SteadyTime again = state_->clock.Now() + (ending_before ? kPauseAtEnd : pause_);
    pause_ = std::min(pause_ * 2, state_->options.longest_pause);
    while (state_->clock.Now() < again && state_->ending.has_value() == ending_before) {
      state_->clock.WaitUntil(state_->mutex, state_->changed, again);
    }
    return true;
  }

  const std::shared_ptr<State> state_;
  std::vector<TrackedRow> batch_;  // taken and not yet written
  milliseconds pause_;
  bool started_ = false;
  bool finished_ = false;
};

BackgroundTracker::BackgroundTracker(std::string name, std::unique_ptr<RunTracker> tracker,
                                     TrackedRun run, const BackgroundTrackerOptions& options,
                                     const Clock& clock)
    : state_(std::make_shared<State>(std::move(name), std::move(tracker), std::move(run), options,
                                     clock)) {
  // Never joined: AwaitEnd waits until it is over, but not for ever.
  std::thread([state = state_] { Worker(state).Run(); }).detach();
}

BackgroundTracker::~BackgroundTracker() {
  if (!ending_) BeginEnd(RunEnd::kKilled, {});
  if (!awaited_) AwaitEnd();
}

void BackgroundTracker::Log(TrackedRow row) {
  const MutexLock lock(state_->mutex);
  ++state_->given;
  if (state_->given_up) return;
  if (state_->rows.size() >= state_->options.max_rows) state_->rows.pop_front();
  state_->rows.push_back(std::move(row));
  state_->changed.NotifyAll();
}

void BackgroundTracker::BeginEnd(RunEnd end, std::vector<TrackedValue> summary) {
  ending_ = true;
  const SteadyTime now = state_->clock.Now();
  const MutexLock lock(state_->mutex);
  state_->ending = Ending{.end = end,
                          .summary = std::move(summary),
                          .rows_deadline = now + state_->options.rows_patience,
                          .deadline = now + state_->options.end_patience};
  state_->changed.NotifyAll();
}

std::optional<std::string> BackgroundTracker::AwaitEnd() {
  awaited_ = true;
  const MutexLock lock(state_->mutex);
  const auto wait_until = [&](SteadyTime deadline) GUICHET_REQUIRES(state_->mutex) {
    while (!state_->over && state_->clock.Now() < deadline) {
      state_->clock.WaitUntil(state_->mutex, state_->changed, deadline);
    }
  };
  wait_until(state_->ending->deadline);
  if (!state_->over) {
    state_->tracker->Cancel();
    wait_until(state_->clock.Now() + state_->options.cancel_patience);
  }
  if (state_->end_written && state_->written == state_->given) return std::nullopt;
  const std::string reason =
      state_->error.ok() ? "it was too slow" : std::string(state_->error.message());
  return fmt::format("tracking {}: {} of {} rows were not recorded{}: {}", state_->name,
                     state_->given - state_->written, state_->given,
                     state_->end_written ? "" : ", nor the run's end", reason);
}

}  // namespace guichet
