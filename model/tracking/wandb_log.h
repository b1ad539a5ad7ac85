#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

// The `.wandb` file of a Weights & Biases run, a log in LevelDB's format with differences:
//
//   file   := ":W&B" 0xBEE1 (uint16 LE) 0x00, then blocks of 32,768 bytes counted from the file's
//             start, so that block 0 holds 7 bytes less
//   block  := chunk* and, when fewer than 7 bytes are left, zeros
//   chunk  := CRC-32 (zlib's, unmasked) of type and payload (uint32 LE), length (uint16 LE),
//             type (1 FULL, 2 FIRST, 3 MIDDLE, 4 LAST), payload
//
// A record is one FULL chunk, or FIRST, MIDDLE* and LAST ones. With exactly 7 bytes left in a block
// a record begins with an empty FIRST chunk. Written whole or not at all: a failed Flush leaves the
// file as it was. Not thread-safe.
class WandbLog {
 public:
  // Errors of FileError (base/durable_file.h); one is that there is such a file.
  static absl::StatusOr<std::unique_ptr<WandbLog>> Create(const std::filesystem::path& path);
  // Goes on with a file that may end in the middle of a record, as a crash leaves it: calls
  // `on_record` for each whole record, until it returns false, and cuts off what follows the last
  // that was taken. NOT_FOUND; DATA_LOSS: no such log.
  static absl::StatusOr<std::unique_ptr<WandbLog>> Resume(
      const std::filesystem::path& path,
      const std::function<bool(std::string_view record)>& on_record);
  ~WandbLog();
  WandbLog(const WandbLog&) = delete;
  WandbLog& operator=(const WandbLog&) = delete;

  // Into memory, until Flush.
  void Append(std::string_view record);
  // Hands what was appended to the kernel. On error it is forgotten. Errors of FileError.
  absl::Status Flush();
  // Flush, and to the disk.
  absl::Status Sync();

 private:
  WandbLog(int file, std::int64_t size, std::filesystem::path path)
      : file_(file), size_(size), path_(std::move(path)) {}
  void AppendChunk(int type, std::string_view payload);

  const int file_;
  std::int64_t size_;  // bytes in the file, all of whole records
  std::string pending_;
  const std::filesystem::path path_;
};

}  // namespace guichet
