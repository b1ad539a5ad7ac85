#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/hub/hub_listing.h"
#include "model/hub/repo_name.h"

namespace guichet {

// One repository in Hugging Face's cache layout, so that Python's huggingface_hub finds what is
// pulled here, and the other way round:
//
//   <cache>/models--owner--name/blobs/<name of the contents>
//                               snapshots/<commit>/<file> → ../../blobs/<name of the contents>
//                               refs/<revision>            the commit that it stood for
//   <cache>/.locks/models--owner--name/<name of the contents>.lock
//
// A blob appears whole and verified, then the snapshot, then the ref.
class HubCache {
 public:
  HubCache(const std::filesystem::path& cache, const RepoName& repo);

  std::filesystem::path BlobPath(std::string_view blob) const;
  std::filesystem::path IncompletePath(std::string_view blob) const;
  std::filesystem::path LockPath(std::string_view blob) const;
  std::filesystem::path SnapshotPath(std::string_view commit) const;

  // The folders that blobs and locks are written into.
  absl::Status MakeFolders() const;
  // The commit that a revision stood for when it was last pulled; a commit stands for itself.
  // NOT_FOUND: never pulled.
  absl::StatusOr<std::string> CommitOf(const std::string& revision) const;
  // The names of a snapshot's files and what they lead to. NOT_FOUND: no such snapshot.
  absl::StatusOr<HubListing> ListSnapshot(const std::string& commit) const;
  // Makes the snapshot of files whose blobs are there; what else it holds stays.
  absl::Status LinkSnapshot(const std::string& commit, const std::vector<HubFile>& files) const;
  absl::Status WriteRef(const std::string& revision, const std::string& commit) const;

 private:
  const std::filesystem::path repo_;
  const std::filesystem::path locks_;
};

}  // namespace guichet
