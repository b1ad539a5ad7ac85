#include "model/hub/file_lock.h"

#include <cerrno>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "base/durable_file.h"

namespace guichet {
namespace {

constexpr std::chrono::milliseconds kInterval{100};

// Whether the file that was locked is still the one that bears the name: who let go of it may have
// removed it.
bool StillThere(int descriptor, const std::filesystem::path& path) {
  struct stat held{};
  struct stat named{};
  return ::fstat(descriptor, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

}  // namespace

absl::StatusOr<FileLock> FileLock::Take(const std::filesystem::path& path,
                                        std::chrono::milliseconds limit,
                                        const std::function<bool()>& cancelled,
                                        const std::function<void()>& on_wait) {
  bool waited = false;
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (true) {
    FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0664));
    if (lock.descriptor_ < 0) return FileError("open the lock", path, errno);
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) {
      if (StillThere(lock.descriptor_, path)) return lock;
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return FileError("lock", path, errno);
    if (!waited && on_wait) on_wait();
    waited = true;
    if (cancelled && cancelled()) return absl::CancelledError("interrupted");
    if (std::chrono::steady_clock::now() > give_up) {
      return absl::AbortedError(
          fmt::format("{}: another process holds it for {} s; end it, or try again later",
                      path.string(), limit.count() / 1000));
    }
    std::this_thread::sleep_for(kInterval);
  }
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace guichet
