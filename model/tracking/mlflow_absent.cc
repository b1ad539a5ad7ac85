// In place of mlflow_run.cc where there is no libcurl.

#include "model/tracking/mlflow_run.h"

namespace guichet {

absl::StatusOr<std::unique_ptr<RunTracker>> MakeMlflowRun(MlflowOptions) {
  return absl::UnimplementedError(
      "this program was built without MLflow: libcurl was missing; install "
      "libcurl4-openssl-dev, configure and build again");
}

}  // namespace guichet
