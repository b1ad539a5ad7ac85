#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"

namespace guichet {

// A named value that is not a curve: of the configuration, or of the summary.
struct TrackedValue {
  std::string key;
  std::string json;  // the value as JSON text: a number, a string in quotes, true, false or null
};

// A run as trackers know it.
struct TrackedRun {
  std::string id;        // [a-z0-9]+, the same for every process of the run
  std::string project;   // W&B's project, MLflow's experiment
  std::string name;      // for people
  WallTime started{};    // of the run's first process
  bool resumed = false;  // an earlier process of this run was tracked
  std::vector<TrackedValue> config;
  std::string plan;  // YAML
};

struct TrackedScalar {
  std::string name;  // e.g. train/loss
  double value = 0;  // may be infinite or no number
};

// What is known at one update. Rows come in rising order of steps, but for a resumed run, which
// does some updates again.
struct TrackedRow {
  std::int64_t step = 0;  // updates done
  WallTime time{};
  std::vector<TrackedScalar> scalars;
};

// How a process leaves a run. Suspended: another one goes on with it.
enum class RunEnd { kFinished, kFailed, kKilled, kSuspended };

// Where a run is written down: Weights & Biases, TensorBoard, MLflow. Used by one thread, which may
// be blocked for as long as disk and network please; BackgroundTracker keeps that from the run.
// Errors: UNAVAILABLE, DEADLINE_EXCEEDED and RESOURCE_EXHAUSTED may pass, and the call may be made
// again; all others are final.
class RunTracker {
 public:
  virtual ~RunTracker() = default;

  // First, until it succeeds. A resumed run goes on where it was, if it is still there.
  virtual absl::Status Start(const TrackedRun& run) = 0;
  // Sets `logged` to how many rows, from the front, are written and need not be given again.
  virtual absl::Status Log(std::span<const TrackedRow> rows, std::size_t& logged) = 0;
  // Last. `summary` is empty unless the run finished.
  virtual absl::Status Finish(RunEnd end, std::span<const TrackedValue> summary) = 0;
  // From any thread: what is under way ends within a second where that can be done, with an error.
  virtual void Cancel() {}
};

}  // namespace guichet
