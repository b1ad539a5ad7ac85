#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "model/hub/hub_options.h"

namespace guichet {

// Where a model lies, and what to call it.
struct ModelFolder {
  std::filesystem::path path;
  std::string pulled = {};  // the repository's name without its owner; empty: a plain path
};

// What a user names a model by: a folder that exists wins; else "owner/name" or
// "owner/name@revision" as `guichet pull` left it in the cache; else one of kBuiltInNames. What has
// no such form is a path, given back as it is. NOT_FOUND says how to pull it. Reads the disk alone.
absl::StatusOr<ModelFolder> ResolveModelFolder(const std::string& name_or_folder,
                                               const HubOptions& options);
// With the cache that the environment names.
absl::StatusOr<ModelFolder> ResolveModelFolder(const std::string& name_or_folder);

}  // namespace guichet
