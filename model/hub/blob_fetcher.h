#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/hub/blob_writer.h"
#include "model/hub/hub_cache.h"
#include "model/hub/hub_client.h"
#include "model/hub/hub_options.h"
#include "model/hub/pull_model.h"

namespace guichet {

// Fetches blobs of one repository into a store, each under its lock, with as many tries as the
// options allow. What a broken transfer brought stays as <blob>.incomplete for the next one; what
// fails its check goes. Used by one thread; what it is given must outlive it.
class BlobFetcher {
 public:
  BlobFetcher(const HubOptions& options, const PullObserver& observer, HubClient& client,
              const HubCache& store)
      : options_(options), observer_(observer), client_(client), store_(store) {}

  // A cache whose blobs are copied rather than fetched.
  void AlsoLookIn(const HubCache& cache) { other_ = &cache; }

  // Runs `attempt` until it works, fails in a way that stays, or has failed too often in a row. It
  // sets `moved` when it got on, which gives it all its tries again.
  absl::Status Persist(const std::function<absl::Status(bool& moved)>& attempt);

  absl::Status FetchAll(const RepoName& repo, const std::string& commit,
                        const std::vector<HubFile>& files);

  std::uint64_t downloaded_bytes() const { return downloaded_; }

 private:
  struct Wanted {
    const RepoName& repo;
    const std::string& commit;
    const HubFile& file;
  };

  absl::Status CheckRoom(const std::vector<HubFile>& files) const;
  absl::Status Fetch(const Wanted& wanted);
  absl::StatusOr<bool> IsThere(const HubFile& file);
  absl::Status Download(const Wanted& wanted);
  absl::Status DownloadOnce(const Wanted& wanted, bool& went_on);
  absl::Status Kept(const absl::Status& status, const HubFile& file,
                    const BlobWriter& writer) const;
  absl::Status Pause(std::chrono::milliseconds time) const;
  bool Cancelled() const { return observer_.cancelled && observer_.cancelled(); }
  void Say(const std::string& line) const;
  void ShowProgress(const HubFile& file, std::uint64_t done) const;

  const HubOptions& options_;
  const PullObserver& observer_;
  HubClient& client_;
  const HubCache& store_;
  const HubCache* other_ = nullptr;
  std::uint64_t total_ = 0;       // bytes of all files
  std::uint64_t finished_ = 0;    // of those done with
  std::uint64_t downloaded_ = 0;  // of them over the network
};

}  // namespace guichet
