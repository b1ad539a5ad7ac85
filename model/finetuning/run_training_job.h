#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "model/finetuning/training_job.h"
#include "model/tracking/tracking_options.h"
#include "model/training/process_group.h"

namespace guichet {

// What the process that runs a job decides about it.
struct TrainingJobControl {
  // Asked between updates: true ends with ABORTED, nothing decided. May be null.
  std::function<bool()> suspend = {};
  // Asked as well: true ends the job, its outcome CANCELLED. May be null.
  std::function<bool()> cancel = {};
  // The processes that share the work. Borrowed; null: this one alone.
  ProcessGroup* peers = nullptr;
  // Where the run is tracked as well; all processes of the job are one run.
  std::vector<TrackerPlace> track = {};
  // Told of what tracking lost, a line each; the job is none the worse. May be null.
  std::function<void(const std::string&)> warn = {};
};

// Does what a job folder asks for: reads and splits the tickets, trains, judges the candidate
// against the model in service on held-out rows (which a model trained elsewhere, without this
// hold-out, may have seen), writes the candidate with its report as a bundle, and last
// outcome.json. Called again
// after a crash it goes on from the last checkpoint to the same weights. An outcome that is there
// already is returned. A failure of the job is an outcome with its status; an error is what kept an
// outcome from being written. With `control.peers` several processes, given the same folder, share
// the work, and process 0 alone writes and tracks; the others' outcomes say nothing. UNAVAILABLE:
// one of them is gone, nothing is decided.
absl::StatusOr<TrainingOutcome> RunTrainingJob(const std::filesystem::path& folder,
                                               const TrainingJobControl& control);

}  // namespace guichet
