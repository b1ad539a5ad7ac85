#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/tracking/run_tracker.h"
#include "model/tracking/tracking_options.h"

namespace guichet {

// What the environment says of tracking, in W&B's and MLflow's own variables.
struct TrackingEnvironment {
  std::string wandb_project = {};      // WANDB_PROJECT: of every tracker
  std::string wandb_name = {};         // WANDB_NAME: the run's, of every tracker
  std::string wandb_folder = {};       // WANDB_DIR: with `wandb` alone; empty: the current folder
  std::string wandb_mode = {};         // WANDB_MODE: disabled leaves W&B out; all else is offline
  std::string mlflow_url = {};         // MLFLOW_TRACKING_URI: with `mlflow` alone
  std::string mlflow_experiment = {};  // MLFLOW_EXPERIMENT_NAME; empty: the project
  std::string mlflow_token = {};       // MLFLOW_TRACKING_TOKEN: Bearer
  std::string mlflow_user = {};        // MLFLOW_TRACKING_USERNAME, and …
  std::string mlflow_password = {};    // MLFLOW_TRACKING_PASSWORD: Basic, before the token

  static TrackingEnvironment OfProcess();
};

struct NamedTracker {
  std::string name;  // as in --track, with its place
  std::unique_ptr<RunTracker> tracker;
};

// The trackers of these places. INVALID_ARGUMENT: `mlflow` alone, and MLFLOW_TRACKING_URI names no
// server; UNIMPLEMENTED: this build has no MLflow.
absl::StatusOr<std::vector<NamedTracker>> MakeTrackers(std::span<const TrackerPlace> places,
                                                       const TrackingEnvironment& environment);

}  // namespace guichet
