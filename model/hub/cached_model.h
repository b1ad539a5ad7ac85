#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/hub/hub_listing.h"
#include "model/hub/hub_options.h"
#include "model/hub/pull_model.h"

namespace guichet {

// What a pull answers without a network: the model as it lies in the cache, verified again, copied
// to `out` where that is asked for. NOT_FOUND: not there, or not all of it; DATA_LOSS: a file is
// not what its name says.
absl::StatusOr<PulledModel> CachedModel(const HubOptions& options, const PullRequest& request);

// The answer about files that are in place.
PulledModel DescribePulled(const PullRequest& request, const std::string& commit,
                           const std::filesystem::path& path, const std::vector<HubFile>& files);

}  // namespace guichet
