#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/tracking/run_tracker.h"

namespace guichet {

struct BackgroundTrackerOptions {
  // Rows that wait to be written; older ones make room for new ones.
  std::size_t max_rows = 4096;
  // Pause after an error that may pass; it doubles up to the longest.
  std::chrono::milliseconds first_pause{500};
  std::chrono::milliseconds longest_pause{30'000};
  // At the end of a run: for rows that still wait, then in all for summary and end too.
  std::chrono::milliseconds rows_patience{3'000};
  std::chrono::milliseconds end_patience{5'000};
  // Then what is under way is cancelled, and this long waited for.
  std::chrono::milliseconds cancel_patience{2'000};
};

// Keeps a run and a tracker apart: calls go into a bounded queue that a thread of its own empties.
// Nothing here waits for the tracker but AwaitEnd, and that for end_patience + cancel_patience, 7
// seconds, at most. What cannot be written is dropped and counted. Used by one thread.
class BackgroundTracker {
 public:
  // `name` is what warnings call it. `clock` lives for ever.
  BackgroundTracker(std::string name, std::unique_ptr<RunTracker> tracker, TrackedRun run,
                    const BackgroundTrackerOptions& options = {},
                    const Clock& clock = Clock::System());
  // Without an end the run counts as killed.
  ~BackgroundTracker();
  BackgroundTracker(const BackgroundTracker&) = delete;
  BackgroundTracker& operator=(const BackgroundTracker&) = delete;

  void Log(TrackedRow row);
  // Once. Nothing is logged after it.
  void BeginEnd(RunEnd end, std::vector<TrackedValue> summary);
  // After BeginEnd. Nothing when all was written, else one line with the numbers and the reason.
  std::optional<std::string> AwaitEnd();

 private:
  struct State;
  class Worker;

  // Shared with the thread, which may outlive this where a disk never answers.
  std::shared_ptr<State> state_;
  bool ending_ = false;
  bool awaited_ = false;
};

}  // namespace guichet
