#pragma once

#include <filesystem>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/hub/hub_cache.h"
#include "model/hub/hub_listing.h"

namespace guichet {

// A folder of plain files that is asked for in place of the cache. What is fetched for it is
// gathered beside it, in a cache of its own that is removed once the folder is there.
struct OutFolder {
  std::filesystem::path folder;  // absolute
  std::filesystem::path store;   // .<name>.pull
  std::filesystem::path lock;    // .<name>.pull.lock
};

// INVALID_ARGUMENT: no name for a folder; NOT_FOUND: the folder it shall stand in is not there.
absl::StatusOr<OutFolder> PlaceOutFolder(const std::filesystem::path& out);
// ALREADY_EXISTS when something has the folder's name.
absl::Status CheckIsNew(const OutFolder& out);

enum class TakeBlobs { kByLink, kByCopy };
// Makes the folder whole of blobs that are there.
absl::Status FillOutFolder(const OutFolder& out, const HubCache& blobs,
                           const std::vector<HubFile>& files, TakeBlobs how);

}  // namespace guichet
