#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/finetuning/base_model.h"
#include "model/finetuning/ticket_sets.h"
#include "model/tracking/run_log.h"
#include "model/tracking/tracking_options.h"
#include "model/training/trainer.h"

namespace guichet {

// What trackers are told of a training run besides its figures. Everything is borrowed.
struct TrackedTraining {
  const std::string& name;  // of the run, unless WANDB_NAME says otherwise
  const TrainingPlan& plan;
  const TicketSets& sets;
  const BaseModel& base;
};

// Writes a training run down where --track says: the plan and the data as configuration, figures of
// updates and epochs, the summary. Never waits and never fails the run. Used by one thread.
class TrainingTracker {
 public:
  // Of a run with a `state_file`, made here or by an earlier process, the run goes on under the
  // same identity. Errors of MakeTrackers, before anything is tracked.
  static absl::StatusOr<std::unique_ptr<TrainingTracker>> Start(
      const std::vector<TrackerPlace>& places, const TrackedTraining& training,
      const std::filesystem::path& state_file = {});

  // `observer`, and this after it. This outlives it.
  TrainingObserver Observe(TrainingObserver observer);

  // Once, last: how the run ended, with its result and anything else for the summary when it is OK.
  // CANCELLED is a killed run, ABORTED a suspended one. Waits as RunLog::Finish; returns its lines.
  std::vector<std::string> Finish(const absl::Status& status, const TrainingResult* result,
                                  const std::vector<TrackedValue>& more = {});

 private:
  TrainingTracker(std::vector<NamedTracker> trackers, const TrackedRun& run, int epoch_updates)
      : log_(std::move(trackers), run), epoch_updates_(epoch_updates) {}

  void OnStep(const TrainingProgress& progress);
  void OnEpoch(const EpochRecord& epoch);
  void LogPending();

  RunLog log_;
  const int epoch_updates_;
  int step_ = 0;                       // the last one
  std::optional<TrackedRow> pending_;  // may still get the figures of its epoch
};

}  // namespace guichet
