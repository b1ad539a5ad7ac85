#include "base/durable_file.h"

#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// Closes a descriptor when a scope ends.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

absl::Status Sync(const fs::path& path, int flags) {
  const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (file.value() < 0) return FileError("open", path, errno);
  if (::fsync(file.value()) != 0) return FileError("sync", path, errno);
  return absl::OkStatus();
}

fs::path ParentOf(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

// Random, because in a container the process number repeats and a killed writer's leftover must not
// stand in the next one's way.
fs::path StagingName(const fs::path& target) {
  std::random_device random;
  return ParentOf(target) /
         fmt::format(".{}.staging-{:08x}{:08x}", target.filename().string(), random(), random());
}

// Renames a folder to a name that must not exist. Where the file system cannot promise that in one
// step (NFS), an empty folder takes the name first.
int RenameToNew(const fs::path& from, const fs::path& to) {
  const int result = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (result == 0 || errno != EINVAL) return result;
  if (::mkdir(to.c_str(), 0777) != 0) return -1;
  return ::rename(from.c_str(), to.c_str());
}

absl::Status WriteAll(const fs::path& path, std::string_view contents) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (file.value() < 0) return FileError("create", path, errno);
  while (!contents.empty()) {
    const ssize_t written = ::write(file.value(), contents.data(), contents.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return FileError("write", path, errno);
    }
    contents.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file.value()) != 0) return FileError("sync", path, errno);
  return absl::OkStatus();
}

absl::Status SyncTree(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    GUICHET_RETURN_IF_ERROR(
        Sync(it->path(), it->is_directory() ? O_RDONLY | O_DIRECTORY : O_RDONLY));
  }
  if (error) return FileError("list", folder, error.value());
  return Sync(folder, O_RDONLY | O_DIRECTORY);
}

}  // namespace

absl::Status FileError(std::string_view action, const fs::path& path, int error) {
  const std::string message =
      fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(message + "; free some space on that disk");
  }
  return absl::InternalError(message);
}

absl::StatusOr<std::string> ReadFile(const fs::path& path, size_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.value() < 0) {
    if (errno == ENOENT) return absl::NotFoundError(fmt::format("{}: no such file", path.string()));
    return FileError("open", path, errno);
  }
  struct stat info{};
  if (::fstat(file.value(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(fmt::format("{}: not a regular file", path.string()));
  }
  if (static_cast<size_t>(info.st_size) > max_bytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} bytes, more than the {} allowed for this file", path.string(),
                    info.st_size, max_bytes));
  }
  std::string contents(static_cast<size_t>(info.st_size), '\0');
  size_t filled = 0;
  while (filled < contents.size()) {
    const ssize_t count = ::read(file.value(), contents.data() + filled, contents.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("read", path, errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  contents.resize(filled);
  return contents;
}

absl::Status WriteFileDurably(const fs::path& path, std::string_view contents) {
  const fs::path staging = StagingName(path);
  absl::Status status = WriteAll(staging, contents);
  if (status.ok() && ::rename(staging.c_str(), path.c_str()) != 0)
    status = FileError("rename to", path, errno);
  if (!status.ok()) {
    ::unlink(staging.c_str());
    return status;
  }
  return Sync(ParentOf(path), O_RDONLY | O_DIRECTORY);
}

absl::Status MoveDurably(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    const int reason = errno;
    if (reason == EEXIST) {
      return absl::AlreadyExistsError(fmt::format("{} already exists", to.string()));
    }
    if (reason == ENOENT) {
      return absl::NotFoundError(
          fmt::format("cannot move {} to {}: no such file or folder", from.string(), to.string()));
    }
    return FileError("rename to", to, reason);
  }
  GUICHET_RETURN_IF_ERROR(SyncFolder(ParentOf(to)));
  return SyncFolder(ParentOf(from));
}

absl::Status SyncFolder(const fs::path& path) { return Sync(path, O_RDONLY | O_DIRECTORY); }

absl::Status MakeFoldersDurably(const fs::path& path) {
  std::error_code error;
  if (path.empty() || fs::is_directory(path, error)) return absl::OkStatus();
  GUICHET_RETURN_IF_ERROR(MakeFoldersDurably(path.parent_path()));
  fs::create_directory(path, error);
  if (error) return FileError("create folder", path, error.value());
  return SyncFolder(ParentOf(path));
}

absl::Status CreateFolderDurably(const fs::path& target,
                                 const std::function<absl::Status(const fs::path& staging)>& fill) {
  std::error_code error;
  if (fs::exists(target, error)) {
    return absl::AlreadyExistsError(
        fmt::format("{} already exists; choose another name or remove it", target.string()));
  }
  const fs::path staging = StagingName(target);
  if (!fs::create_directory(staging, error)) {
    return FileError("create folder", staging, error ? error.value() : EEXIST);
  }
  absl::Status status = fill(staging);
  if (status.ok()) status = SyncTree(staging);
  // RENAME_NOREPLACE: two writers of one name cannot both win, and an existing folder is never
  // replaced.
  if (status.ok() && RenameToNew(staging, target) != 0) {
    status = errno == EEXIST
                 ? absl::AlreadyExistsError(fmt::format("{} already exists", target.string()))
                 : FileError("rename to", target, errno);
  }
  if (!status.ok()) {
    fs::remove_all(staging, error);
    return status;
  }
  return SyncFolder(ParentOf(target));
}

}  // namespace guichet
