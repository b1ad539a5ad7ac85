#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

// A file to be uploaded: its size and hash are those of the moment it was opened, and the server
// refuses other bytes. Memory does not grow with it. Not thread-safe.
class DatasetFile {
 public:
  // Bytes of one part, in memory and in a message.
  static constexpr std::size_t kPartBytes = std::size_t{256} << 10;

  // Reads it to its end. NOT_FOUND; INVALID_ARGUMENT: empty, or no file that can be read twice;
  // CANCELLED: `stop`, which may be empty, turned true.
  static absl::StatusOr<DatasetFile> Open(const std::filesystem::path& path,
                                          const std::function<bool()>& stop);

  std::string name() const { return path_.filename().string(); }
  const std::string& sha256() const { return sha256_; }
  std::int64_t size() const { return size_; }

  // Replaces `part` by the kPartBytes from `offset` on, fewer at the end. DATA_LOSS: the file was
  // changed or cannot be read any more.
  absl::Status Read(std::int64_t offset, std::string& part);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  DatasetFile() = default;
  // As Read, up to what is there.
  absl::Status ReadSome(std::int64_t offset, std::string& part);

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::int64_t size_ = 0;
  std::string sha256_;
};

}  // namespace guichet
