#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/tracking/background_tracker.h"
#include "model/tracking/make_trackers.h"
#include "model/tracking/run_tracker.h"

namespace guichet {

// One run, written down in any number of places, of which none can stall or fail it. Used by one
// thread.
class RunLog {
 public:
  RunLog(std::vector<NamedTracker> trackers, const TrackedRun& run) {
    for (NamedTracker& tracker : trackers) {
      trackers_.push_back(std::make_unique<BackgroundTracker>(std::move(tracker.name),
                                                              std::move(tracker.tracker), run));
    }
  }

  // Without an end the run counts as killed.
  ~RunLog() {
    if (!finished_) Finish(RunEnd::kKilled, {});
  }
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  bool empty() const { return trackers_.empty(); }

  void Log(const TrackedRow& row) {
    for (const auto& tracker : trackers_) tracker->Log(row);
  }

  // Once, last. Waits for 7 seconds at most, in all (background_tracker.h). Returns a line for
  // each place where something is missing.
  std::vector<std::string> Finish(RunEnd end, const std::vector<TrackedValue>& summary) {
    finished_ = true;
    std::vector<std::string> warnings;
    for (const auto& tracker : trackers_) tracker->BeginEnd(end, summary);
    for (const auto& tracker : trackers_) {
      if (auto warning = tracker->AwaitEnd()) warnings.push_back(*std::move(warning));
    }
    return warnings;
  }

 private:
  std::vector<std::unique_ptr<BackgroundTracker>> trackers_;
  bool finished_ = false;
};

}  // namespace guichet
