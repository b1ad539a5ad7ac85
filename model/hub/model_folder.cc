#include "model/hub/model_folder.h"

#include <system_error>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "model/hub/hub_cache.h"
#include "model/hub/repo_name.h"
#include "model/text/built_in_tokenizer.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

bool IsPlainPath(const std::string& name) {
  std::error_code ignored;
  return fs::exists(name, ignored) || !LooksLikeRepoName(name);
}

// What comes with the program is found by its name alone, unless a folder here is called so.
ModelFolder BuiltInOrPlain(const std::string& name) {
  std::error_code ignored;
  if (fs::exists(name, ignored)) return {.path = name};
  return {.path = BuiltInFolder(name).value_or(name)};
}

}  // namespace

absl::StatusOr<ModelFolder> ResolveModelFolder(const std::string& name_or_folder,
                                               const HubOptions& options) {
  if (IsPlainPath(name_or_folder)) return BuiltInOrPlain(name_or_folder);
  GUICHET_ASSIGN_OR_RETURN(const RepoName repo, ParseRepoName(name_or_folder));
  const HubCache cache(options.cache, repo);
  const auto commit = cache.CommitOf(repo.revision);
  if (!commit.ok() && !absl::IsNotFound(commit.status())) return commit.status();
  std::error_code error;
  if (commit.ok() && fs::is_directory(cache.SnapshotPath(*commit), error)) {
    return ModelFolder{.path = cache.SnapshotPath(*commit), .pulled = repo.name};
  }
  const std::string revision = repo.revision == RepoName().revision ? "" : "@" + repo.revision;
  return absl::NotFoundError(
      fmt::format("{}: no such folder, and not in the cache {}; run: guichet pull {}{}",
                  name_or_folder, options.cache.string(), repo.Full(), revision));
}

absl::StatusOr<ModelFolder> ResolveModelFolder(const std::string& name_or_folder) {
  // The environment is read for a name alone: what is wrong in it concerns no folder.
  if (IsPlainPath(name_or_folder)) return BuiltInOrPlain(name_or_folder);
  GUICHET_ASSIGN_OR_RETURN(const HubOptions options, HubOptionsFromEnvironment());
  return ResolveModelFolder(name_or_folder, options);
}

}  // namespace guichet
