#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace guichet {

// How much of a data set is stored.
struct UploadState {
  std::int64_t committed_bytes = 0;
  bool complete = false;  // whole, and its hash is right
};

// What an upload says before its bytes.
struct UploadPlan {
  std::string sha256;  // of the whole file
  std::int64_t size = 0;
  std::int64_t offset = 0;  // of the first byte to come
  std::string name;         // its ending tells the format
};

struct DatasetLimits {
  std::int64_t max_dataset_bytes = std::int64_t{256} << 20;
  std::int64_t max_total_bytes = std::int64_t{4} << 30;
};

class DatasetStore;

// The bytes of one upload as they come. Holds the data set against other uploads until destroyed;
// what was appended stays. Used by one thread at a time.
class DatasetUpload {
 public:
  ~DatasetUpload();
  DatasetUpload(const DatasetUpload&) = delete;
  DatasetUpload& operator=(const DatasetUpload&) = delete;

  // The data set was there, whole, before.
  bool complete() const { return complete_; }
  // INVALID_ARGUMENT: more bytes than announced; OUT_OF_RANGE: they do not begin where the stored
  // ones end; RESOURCE_EXHAUSTED: the disk is full. Of a complete data set bytes are ignored.
  absl::Status Append(std::string_view bytes);
  // What is stored now. With all bytes there it is made a data set; INVALID_ARGUMENT: their hash is
  // another one, and they are gone.
  absl::StatusOr<UploadState> Finish();

 private:
  friend class DatasetStore;
  DatasetUpload(DatasetStore& store, UploadPlan plan, int file, bool complete)
      : store_(store), plan_(std::move(plan)), file_(file), complete_(complete) {}

  DatasetStore& store_;
  const UploadPlan plan_;
  const int file_;  // -1: there is nothing to write
  const bool complete_;
  std::int64_t bytes_ = 0;  // stored
  bool started_ = false;    // bytes came
};

// Uploaded data sets in a folder, each under the hash of its bytes, so that the same one is stored
// once. Partial uploads stay and count towards the room; the oldest data sets that nobody needs
// make room for new ones. Thread-safe; blocks on the disk.
class DatasetStore {
 public:
  // `needed` tells the data sets that waiting jobs use. Makes the folder.
  static absl::StatusOr<std::unique_ptr<DatasetStore>> Open(
      const std::filesystem::path& folder, const DatasetLimits& limits,
      std::function<absl::StatusOr<std::set<std::filesystem::path>>()> needed);

  // INVALID_ARGUMENT: a field is out of range; OUT_OF_RANGE: the upload goes on at another offset;
  // ABORTED: another one writes it; RESOURCE_EXHAUSTED: no room.
  absl::StatusOr<std::unique_ptr<DatasetUpload>> Begin(const UploadPlan& plan);

  // The file of a data set. NOT_FOUND: not there, or not complete.
  absl::StatusOr<std::filesystem::path> Find(const std::string& dataset_id) const;

 private:
  friend class DatasetUpload;
  DatasetStore(std::filesystem::path folder, const DatasetLimits& limits,
               std::function<absl::StatusOr<std::set<std::filesystem::path>>()> needed)
      : folder_(std::move(folder)), limits_(limits), needed_(std::move(needed)) {}

  absl::Status CheckPlan(const UploadPlan& plan) const;
  absl::Status MakeRoom(const UploadPlan& plan) GUICHET_REQUIRES(mutex_);
  std::filesystem::path PartOf(const std::string& sha256) const;
  void Release(const std::string& sha256);

  const std::filesystem::path folder_;
  const DatasetLimits limits_;
  const std::function<absl::StatusOr<std::set<std::filesystem::path>>()> needed_;

  Mutex mutex_;
  std::map<std::string, std::int64_t> active_ GUICHET_GUARDED_BY(mutex_);  // hash → whole size
};

// A file below one of `roots` (folders separated by ':'), links resolved: neither ".." nor a link
// leads out. PERMISSION_DENIED when it is not there or lies elsewhere.
absl::StatusOr<std::filesystem::path> ResolveBelowRoots(const std::string& path,
                                                        const std::string& roots);

}  // namespace guichet
