#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/hub/hub_options.h"
#include "model/hub/repo_name.h"

namespace guichet {

struct PullRequest {
  RepoName repo;
  std::filesystem::path out = {};  // a folder to make, of plain files; empty: the cache
};

struct PullProgress {
  std::string file;         // under way
  std::uint64_t done = 0;   // bytes of all files
  std::uint64_t total = 0;  // of all files
  std::uint64_t moved = 0;  // of them over the network, in this pull
};

// All may be unset.
struct PullObserver {
  std::function<bool()> cancelled;
  std::function<void(const PullProgress&)> on_progress;
  std::function<void(const std::string& line)> on_line;  // what people should read
};

struct PulledFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::optional<std::string> sha256;  // where the hub names it by that
};

struct PulledModel {
  RepoName repo;       // as it was asked for
  std::string commit;  // what the revision stands for
  std::filesystem::path path;
  std::vector<PulledFile> files;
  std::uint64_t downloaded_bytes = 0;
};

// Fetches what this program needs of a model's repository, verified, into the cache or a folder of
// its own; nothing appears under its name before it is whole. What an interruption leaves is gone
// on with by the next call. Several calls, also of Python's huggingface_hub, may run at once.
//
// Errors name the file or the field, the limit, and what to do: UNAVAILABLE or DEADLINE_EXCEEDED:
// no hub there; PERMISSION_DENIED: it refuses; CANCELLED; NOT_FOUND, ALREADY_EXISTS (`out`),
// ABORTED (broke off, and may be gone on with), DATA_LOSS and others: it failed. UNIMPLEMENTED in a
// build without libcurl.
absl::StatusOr<PulledModel> PullModel(const HubOptions& options, const PullRequest& request,
                                      const PullObserver& observer);

}  // namespace guichet
