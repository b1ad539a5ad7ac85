#include "model/hub/cached_model.h"

#include <system_error>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/hub/blob_digest.h"
#include "model/hub/hub_cache.h"
#include "model/hub/needed_files.h"
#include "model/hub/out_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

absl::Status NotCached(const HubOptions& options, const PullRequest& request,
                       const absl::Status& why) {
  return absl::NotFoundError(fmt::format(
      "{} at {} is not whole in the cache {} ({}), and HF_HUB_OFFLINE forbids to fetch it; unset "
      "it and pull again",
      request.repo.Full(), request.repo.revision, options.cache.string(),
      std::string(why.message())));
}

// Where links cannot be made, Python leaves copies, which bear no name of their contents.
bool IsNamedByContents(const HubFile& file) {
  return (file.blob.size() == 40 || file.blob.size() == 64) && IsLowerHex(file.blob);
}

absl::Status CopyOut(const PullRequest& request, const HubCache& cache,
                     const std::vector<HubFile>& files, fs::path& path) {
  GUICHET_ASSIGN_OR_RETURN(const OutFolder out, PlaceOutFolder(request.out));
  GUICHET_RETURN_IF_ERROR(CheckIsNew(out));
  path = out.folder;
  return FillOutFolder(out, cache, files, TakeBlobs::kByCopy);
}

}  // namespace

absl::StatusOr<PulledModel> CachedModel(const HubOptions& options, const PullRequest& request) {
  const HubCache cache(options.cache, request.repo);
  const auto commit = cache.CommitOf(request.repo.revision);
  if (absl::IsNotFound(commit.status())) return NotCached(options, request, commit.status());
  GUICHET_RETURN_IF_ERROR(commit.status());
  const auto listing = cache.ListSnapshot(*commit);
  if (!listing.ok()) return NotCached(options, request, listing.status());
  const auto files = NeededFiles(*listing);
  if (!files.ok()) return NotCached(options, request, files.status());
  for (const HubFile& file : *files) {
    if (!IsNamedByContents(file)) continue;
    GUICHET_ASSIGN_OR_RETURN(const bool same, IsBlob(cache.BlobPath(file.blob), file));
    if (!same) {
      return absl::DataLossError(
          fmt::format("{}: {} is not what its name says, it was changed or damaged; unset "
                      "HF_HUB_OFFLINE and pull again",
                      file.name, cache.BlobPath(file.blob).string()));
    }
  }
  fs::path path = fs::absolute(cache.SnapshotPath(*commit));
  if (!request.out.empty()) GUICHET_RETURN_IF_ERROR(CopyOut(request, cache, *files, path));
  return DescribePulled(request, *commit, path, *files);
}

PulledModel DescribePulled(const PullRequest& request, const std::string& commit,
                           const fs::path& path, const std::vector<HubFile>& files) {
  PulledModel pulled{.repo = request.repo, .commit = commit, .path = path, .files = {}};
  for (const HubFile& file : files) {
    PulledFile& shown = pulled.files.emplace_back();
    shown.name = file.name;
    shown.bytes = file.bytes;
    if (file.has_sha256()) shown.sha256 = file.blob;
  }
  return pulled;
}

}  // namespace guichet
