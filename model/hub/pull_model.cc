#include "model/hub/pull_model.h"

#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/hub/blob_fetcher.h"
#include "model/hub/cached_model.h"
#include "model/hub/file_lock.h"
#include "model/hub/hub_cache.h"
#include "model/hub/hub_client.h"
#include "model/hub/needed_files.h"
#include "model/hub/out_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// One pull over the network.
class Pull {
 public:
  Pull(const HubOptions& options, const PullRequest& request, const PullObserver& observer,
       HubClient& client)
      : options_(options),
        request_(request),
        observer_(observer),
        client_(client),
        cache_(options.cache, request.repo) {}

  absl::StatusOr<PulledModel> IntoCache();
  absl::StatusOr<PulledModel> IntoFolder(const OutFolder& out);

 private:
  absl::StatusOr<PulledModel> FillFolder(const OutFolder& out);
  // Sets commit_ and files_.
  absl::Status List(BlobFetcher& fetcher);
  absl::StatusOr<HubListing> AskForListing();
  absl::Status Unreachable(const absl::Status& status) const;

  const HubOptions& options_;
  const PullRequest& request_;
  const PullObserver& observer_;
  HubClient& client_;
  const HubCache cache_;
  std::string commit_;
  std::vector<HubFile> files_;
};

absl::StatusOr<HubListing> Pull::AskForListing() {
  const RepoName& repo = request_.repo;
  GUICHET_ASSIGN_OR_RETURN(const std::string json, client_.GetListing(repo));
  absl::StatusOr<HubListing> listing = ParseHubListing(json);
  if (!listing.ok()) {
    return absl::InvalidArgumentError(fmt::format("the listing of {} from {}: {}", repo.Full(),
                                                  options_.endpoint,
                                                  std::string(listing.status().message())));
  }
  if (IsCommit(repo.revision) && listing->commit != repo.revision) {
    return absl::InvalidArgumentError(
        fmt::format("the listing of {} from {}: sha is {}, asked for {}; see HF_ENDPOINT",
                    repo.Full(), options_.endpoint, listing->commit, repo.revision));
  }
  return listing;
}

absl::Status Pull::List(BlobFetcher& fetcher) {
  HubListing listing;
  const absl::Status status = fetcher.Persist([&](bool&) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(listing, AskForListing());
    return absl::OkStatus();
  });
  if (!status.ok()) return Unreachable(status);
  commit_ = listing.commit;
  absl::StatusOr<std::vector<HubFile>> files = NeededFiles(listing);
  if (!files.ok()) {
    return absl::NotFoundError(fmt::format("{} at {}: {}", request_.repo.Full(),
                                           request_.repo.revision,
                                           std::string(files.status().message())));
  }
  files_ = *std::move(files);
  return absl::OkStatus();
}

// A hub that is not there matters less when the cache has what is asked for.
absl::Status Pull::Unreachable(const absl::Status& status) const {
  if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) return status;
  const auto commit = cache_.CommitOf(request_.repo.revision);
  std::error_code ignored;
  if (!commit.ok() || !fs::is_directory(cache_.SnapshotPath(*commit), ignored)) return status;
  return absl::Status(status.code(),
                      fmt::format("{}; the cache holds {} from an earlier pull, which "
                                  "HF_HUB_OFFLINE=1 takes",
                                  std::string(status.message()), *commit));
}

absl::StatusOr<PulledModel> Pull::IntoCache() {
  BlobFetcher fetcher(options_, observer_, client_, cache_);
  GUICHET_RETURN_IF_ERROR(List(fetcher));
  GUICHET_RETURN_IF_ERROR(fetcher.FetchAll(request_.repo, commit_, files_));
  GUICHET_RETURN_IF_ERROR(cache_.LinkSnapshot(commit_, files_));
  GUICHET_RETURN_IF_ERROR(cache_.WriteRef(request_.repo.revision, commit_));
  PulledModel pulled =
      DescribePulled(request_, commit_, fs::absolute(cache_.SnapshotPath(commit_)), files_);
  pulled.downloaded_bytes = fetcher.downloaded_bytes();
  return pulled;
}

absl::StatusOr<PulledModel> Pull::IntoFolder(const OutFolder& out) {
  GUICHET_ASSIGN_OR_RETURN(const FileLock lock,
                           FileLock::Take(out.lock, options_.lock_wait, observer_.cancelled, [&] {
                             if (observer_.on_line)
                               observer_.on_line("another process makes this folder; waiting");
                           }));
  auto pulled = FillFolder(out);
  std::error_code ignored;
  // While it is held: who waits for it looks again which file bears its name.
  if (!fs::exists(out.store, ignored)) fs::remove(out.lock, ignored);
  return pulled;
}

absl::StatusOr<PulledModel> Pull::FillFolder(const OutFolder& out) {
  GUICHET_RETURN_IF_ERROR(CheckIsNew(out));
  const HubCache store(out.store, request_.repo);
  BlobFetcher fetcher(options_, observer_, client_, store);
  fetcher.AlsoLookIn(cache_);
  GUICHET_RETURN_IF_ERROR(List(fetcher));
  GUICHET_RETURN_IF_ERROR(fetcher.FetchAll(request_.repo, commit_, files_));
  GUICHET_RETURN_IF_ERROR(FillOutFolder(out, store, files_, TakeBlobs::kByLink));
  std::error_code ignored;
  fs::remove_all(out.store, ignored);
  PulledModel pulled = DescribePulled(request_, commit_, out.folder, files_);
  pulled.downloaded_bytes = fetcher.downloaded_bytes();
  return pulled;
}

}  // namespace

absl::StatusOr<PulledModel> PullModel(const HubOptions& options, const PullRequest& request,
                                      const PullObserver& observer) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  if (options.offline) return CachedModel(options, request);
  GUICHET_ASSIGN_OR_RETURN(const auto client, HubClient::Make(options, observer.cancelled));
  Pull pull(options, request, observer, *client);
  if (request.out.empty()) return pull.IntoCache();
  GUICHET_ASSIGN_OR_RETURN(const OutFolder out, PlaceOutFolder(request.out));
  GUICHET_RETURN_IF_ERROR(CheckIsNew(out));
  return pull.IntoFolder(out);
}

}  // namespace guichet
