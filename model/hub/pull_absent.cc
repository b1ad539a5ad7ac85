// In place of pull_model.cc where there is no libcurl.

#include "absl/status/status.h"
#include "model/hub/pull_model.h"

namespace guichet {

absl::StatusOr<PulledModel> PullModel(const HubOptions&, const PullRequest&, const PullObserver&) {
  return absl::UnimplementedError(
      "this program was built without guichet pull: libcurl was missing; install "
      "libcurl4-openssl-dev, configure and build again");
}

}  // namespace guichet
