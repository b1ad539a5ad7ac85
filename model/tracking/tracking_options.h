#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

enum class TrackerKind { kWandb, kTensorboard, kMlflow };

// One place where runs are tracked.
struct TrackerPlace {
  TrackerKind kind = TrackerKind::kWandb;
  std::string place;  // a folder or URL; may be empty for W&B and MLflow: the environment says

  friend bool operator==(const TrackerPlace&, const TrackerPlace&) = default;
};

// The form of `guichet train --track` and `training.track`, for help texts.
inline constexpr const char* kTrackForm = "wandb[:DIR],tensorboard:DIR,mlflow[:URL]";

// Reads that form: each kind at most once, in any order; DIR and URL hold no comma. Empty: nowhere.
// INVALID_ARGUMENT says what is wrong. User and password have no place in a URL, which other people
// of the machine see: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD name them.
absl::StatusOr<std::vector<TrackerPlace>> ParseTrackers(std::string_view text);

absl::Status CheckTrackers(std::string_view text);

std::string_view NameOf(TrackerKind kind);      // "wandb", "tensorboard", "mlflow"
std::string NameOf(const TrackerPlace& place);  // "wandb:runs", "wandb"

// An http:// or https:// address without user, password, query and fragment. INVALID_ARGUMENT.
absl::Status CheckMlflowUrl(std::string_view url);

}  // namespace guichet
