#include "model/hub/hub_cache.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxRefBytes = 4096;

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? FileError("create folder", folder, error.value()) : absl::OkStatus();
}

fs::path LinkTarget(const HubFile& file) { return fs::path("../../blobs") / file.blob; }

absl::Status MakeLink(const HubFile& file, const fs::path& link) {
  std::error_code error;
  fs::create_symlink(LinkTarget(file), link, error);
  if (!error) return absl::OkStatus();
  absl::Status failed = FileError("link", link, error.value());
  if (error.value() != EPERM && error.value() != ENOTSUP) return failed;
  return absl::FailedPreconditionError(
      fmt::format("{}; where a disk has no symbolic links, --out makes a folder of plain files",
                  std::string(failed.message())));
}

absl::Status MakeLinks(const fs::path& folder, const std::vector<HubFile>& files) {
  for (const HubFile& file : files) GUICHET_RETURN_IF_ERROR(MakeLink(file, folder / file.name));
  return absl::OkStatus();
}

// In a snapshot that is there already: beside the name first, then over it.
absl::Status ReplaceLink(const fs::path& folder, const HubFile& file) {
  std::error_code error;
  const fs::path link = folder / file.name;
  if (fs::is_symlink(link, error) && fs::read_symlink(link, error) == LinkTarget(file)) {
    return absl::OkStatus();
  }
  const fs::path fresh = folder / fmt::format(".{}.{}.link", file.name, ::getpid());
  fs::remove(fresh, error);
  GUICHET_RETURN_IF_ERROR(MakeLink(file, fresh));
  if (::rename(fresh.c_str(), link.c_str()) == 0) return absl::OkStatus();
  const absl::Status failed = FileError("replace", link, errno);
  fs::remove(fresh, error);
  return failed;
}

}  // namespace

HubCache::HubCache(const fs::path& cache, const RepoName& repo)
    : repo_(cache / fmt::format("models--{}--{}", repo.owner, repo.name)),
      locks_(cache / ".locks" / repo_.filename()) {}

fs::path HubCache::BlobPath(std::string_view blob) const { return repo_ / "blobs" / blob; }

fs::path HubCache::IncompletePath(std::string_view blob) const {
  return repo_ / "blobs" / fmt::format("{}.incomplete", blob);
}

fs::path HubCache::LockPath(std::string_view blob) const {
  return locks_ / fmt::format("{}.lock", blob);
}

fs::path HubCache::SnapshotPath(std::string_view commit) const {
  return repo_ / "snapshots" / commit;
}

absl::Status HubCache::MakeFolders() const {
  GUICHET_RETURN_IF_ERROR(MakeFolder(repo_ / "blobs"));
  GUICHET_RETURN_IF_ERROR(MakeFolder(repo_ / "snapshots"));
  return MakeFolder(locks_);
}

absl::StatusOr<std::string> HubCache::CommitOf(const std::string& revision) const {
  if (IsCommit(revision)) return revision;
  GUICHET_RETURN_IF_ERROR(CheckRevision(revision));
  const fs::path ref = repo_ / "refs" / revision;
  std::error_code error;
  if (!fs::is_regular_file(ref, error)) {
    return absl::NotFoundError(fmt::format("{}: no such file", ref.string()));
  }
  GUICHET_ASSIGN_OR_RETURN(std::string commit, ReadFile(ref, kMaxRefBytes));
  while (commit.ends_with('\n') || commit.ends_with('\r')) commit.pop_back();
  if (IsCommit(commit)) return commit;
  return absl::DataLossError(fmt::format(
      "{}: holds no commit of 40 hexadecimal digits; remove it and pull again", ref.string()));
}

absl::StatusOr<HubListing> HubCache::ListSnapshot(const std::string& commit) const {
  const fs::path folder = SnapshotPath(commit);
  HubListing listing{.commit = commit, .files = {}};
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // a link to nothing: that file was never fetched, or was removed
    const std::uintmax_t bytes = it->file_size(gone);
    if (gone) continue;
    const fs::path target = fs::canonical(it->path(), gone);
    listing.files.push_back({.name = it->path().filename().string(),
                             .bytes = bytes,
                             .blob = gone ? "" : target.filename().string()});
  }
  if (!error) return listing;
  return absl::NotFoundError(fmt::format("{}: {}", folder.string(), error.message()));
}

absl::Status HubCache::LinkSnapshot(const std::string& commit,
                                    const std::vector<HubFile>& files) const {
  const fs::path folder = SnapshotPath(commit);
  absl::Status made = CreateFolderDurably(
      folder, [&](const fs::path& staging) { return MakeLinks(staging, files); });
  if (!absl::IsAlreadyExists(made)) return made;
  for (const HubFile& file : files) GUICHET_RETURN_IF_ERROR(ReplaceLink(folder, file));
  return absl::OkStatus();
}

absl::Status HubCache::WriteRef(const std::string& revision, const std::string& commit) const {
  if (IsCommit(revision)) return absl::OkStatus();
  const fs::path ref = repo_ / "refs" / revision;
  GUICHET_RETURN_IF_ERROR(MakeFolder(ref.parent_path()));
  return WriteFileDurably(ref, commit);
}

}  // namespace guichet
