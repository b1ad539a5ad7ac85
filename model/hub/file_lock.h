#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "absl/status/statusor.h"

namespace guichet {

// Who holds it is alone with what it stands for, among processes on one file system; the lock that
// Python's filelock takes on Linux (flock). Let go when destroyed, or when the process dies.
class FileLock {
 public:
  // Waits as long as another holds it. CANCELLED when `cancelled` says so, ABORTED after `limit`.
  // `on_wait` is called once when there is something to wait for.
  static absl::StatusOr<FileLock> Take(const std::filesystem::path& path,
                                       std::chrono::milliseconds limit,
                                       const std::function<bool()>& cancelled,
                                       const std::function<void()>& on_wait);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace guichet
