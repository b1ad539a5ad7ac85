#include "model/tracking/make_trackers.h"

#include <cstdlib>
#include <utility>

#include "base/status_macros.h"
#include "model/tracking/mlflow_run.h"
#include "model/tracking/tensorboard_run.h"
#include "model/tracking/wandb_offline_run.h"

namespace guichet {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

absl::StatusOr<std::unique_ptr<RunTracker>> MakeMlflow(const std::string& url,
                                                       const TrackingEnvironment& environment) {
  MlflowOptions options{.url = url.empty() ? environment.mlflow_url : url,
                        .experiment = environment.mlflow_experiment,
                        .token = environment.mlflow_token,
                        .user = environment.mlflow_user,
                        .password = environment.mlflow_password};
  if (options.url.empty()) {
    return absl::InvalidArgumentError(
        "mlflow needs a server: --track mlflow:URL, or MLFLOW_TRACKING_URI");
  }
  GUICHET_RETURN_IF_ERROR(CheckMlflowUrl(options.url));
  return MakeMlflowRun(std::move(options));
}

}  // namespace

TrackingEnvironment TrackingEnvironment::OfProcess() {
  return {.wandb_project = Variable("WANDB_PROJECT"),
          .wandb_name = Variable("WANDB_NAME"),
          .wandb_folder = Variable("WANDB_DIR"),
          .wandb_mode = Variable("WANDB_MODE"),
          .mlflow_url = Variable("MLFLOW_TRACKING_URI"),
          .mlflow_experiment = Variable("MLFLOW_EXPERIMENT_NAME"),
          .mlflow_token = Variable("MLFLOW_TRACKING_TOKEN"),
          .mlflow_user = Variable("MLFLOW_TRACKING_USERNAME"),
          .mlflow_password = Variable("MLFLOW_TRACKING_PASSWORD")};
}

absl::StatusOr<std::vector<NamedTracker>> MakeTrackers(std::span<const TrackerPlace> places,
                                                       const TrackingEnvironment& environment) {
  std::vector<NamedTracker> trackers;
  for (const TrackerPlace& place : places) {
    NamedTracker named{.name = NameOf(place), .tracker = nullptr};
    switch (place.kind) {
      case TrackerKind::kWandb: {
        if (environment.wandb_mode == "disabled") continue;
        std::string folder = place.place.empty() ? environment.wandb_folder : place.place;
        if (folder.empty()) folder = ".";
        named.tracker = std::make_unique<WandbOfflineRun>(std::move(folder));
        break;
      }
      case TrackerKind::kTensorboard:
        named.tracker = std::make_unique<TensorboardRun>(place.place);
        break;
      case TrackerKind::kMlflow: {
        GUICHET_ASSIGN_OR_RETURN(named.tracker, MakeMlflow(place.place, environment));
        break;
      }
    }
    trackers.push_back(std::move(named));
  }
  return trackers;
}

}  // namespace guichet
