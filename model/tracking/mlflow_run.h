#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/tracking/run_tracker.h"

namespace guichet {

struct MlflowOptions {
  std::string url = {};         // of the tracking server, as CheckMlflowUrl wants it
  std::string experiment = {};  // empty: the run's project
  std::string token = {};       // Bearer; empty: none
  std::string user = {};        // Basic, when both are given
  std::string password = {};
};

// A run on an MLflow tracking server, over its REST interface 2.0. A resumed run is found again by
// its tag guichet.run_id; updates that are done again are points of the same step. UNIMPLEMENTED
// when this program was built without libcurl.
absl::StatusOr<std::unique_ptr<RunTracker>> MakeMlflowRun(MlflowOptions options);

}  // namespace guichet
