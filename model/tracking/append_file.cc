#include "model/tracking/append_file.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/durable_file.h"

namespace guichet {

absl::StatusOr<int> OpenToAppend(const std::filesystem::path& path, int flags) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644);
  if (file < 0) return FileError("open", path, errno);
  return file;
}

absl::Status AppendWhole(int file, std::string_view bytes, std::int64_t& size,
                         const std::filesystem::path& path) {
  std::string_view left = bytes;
  while (!left.empty()) {
    const ssize_t written = ::write(file, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const absl::Status status = FileError("write", path, written < 0 ? errno : ENOSPC);
      const absl::Status cut = CutFile(file, size, path);
      return cut.ok() ? status : cut;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  size += static_cast<std::int64_t>(bytes.size());
  return absl::OkStatus();
}

absl::Status CutFile(int file, std::int64_t size, const std::filesystem::path& path) {
  // /dev/full and its like hold nothing that could be cut.
  if (::ftruncate(file, size) == 0 || errno == EINVAL) return absl::OkStatus();
  return absl::InternalError(fmt::format("cannot cut {}: {}", path.string(), std::strerror(errno)));
}

absl::Status MakeFolders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return error ? FileError("make", folder, error.value()) : absl::OkStatus();
}

}  // namespace guichet
