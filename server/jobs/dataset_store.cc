#include "server/jobs/dataset_store.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/message_digest.h"
#include "base/status_macros.h"
#include "model/data/dataset_reader.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kHashedAtOnce = std::size_t{1} << 20;

bool IsHash(std::string_view text) {
  return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// What a stored data set's name ends in, so that its format can be told.
const char* EndingOf(TicketFormat format) {
  switch (format) {
    case TicketFormat::kJsonLines:
      return ".jsonl";
    case TicketFormat::kCsv:
      return ".csv";
    case TicketFormat::kTsv:
      return ".tsv";
    default:
      return ".txt";
  }
}
constexpr TicketFormat kFormats[] = {TicketFormat::kJsonLines, TicketFormat::kCsv,
                                     TicketFormat::kTsv, TicketFormat::kText};

// Of the raw bytes, as its sender hashed them. Read in parts: a mapped file counts as the process's
// memory.
absl::StatusOr<std::string> HashOfFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  MessageDigest digest(DigestKind::kSha256);
  std::string part(kHashedAtOnce, '\0');
  while (file) {
    file.read(part.data(), static_cast<std::streamsize>(part.size()));
    digest.Update(std::string_view(part).substr(0, static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof()) return FileError("read", path, EIO);
  return digest.HexDigest();
}

std::int64_t SizeOf(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

struct StoredFile {
  fs::path path;
  std::int64_t bytes = 0;
  fs::file_time_type written;
};

// Oldest first.
std::vector<StoredFile> FilesIn(const fs::path& folder) {
  std::vector<StoredFile> files;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    files.push_back({.path = entry.path(),
                     .bytes = SizeOf(entry.path()),
                     .written = entry.last_write_time(ignored)});
  }
  std::sort(files.begin(), files.end(),
            [](const StoredFile& a, const StoredFile& b) { return a.written < b.written; });
  return files;
}

absl::Status WrongOffset(std::int64_t offset, std::int64_t stored) {
  return absl::OutOfRangeError(fmt::format(
      "header.offset is {}; {} bytes of this data set are stored: go on there", offset, stored));
}

std::string HashIn(const fs::path& path) { return path.filename().string().substr(0, kHashDigits); }

}  // namespace

DatasetUpload::~DatasetUpload() {
  if (file_ >= 0) ::close(file_);
  store_.Release(plan_.sha256);
}

absl::Status DatasetUpload::Append(std::string_view bytes) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (complete_) return absl::OkStatus();
  if (!started_ && plan_.offset != bytes_) return WrongOffset(plan_.offset, bytes_);
  started_ = true;
  if (size > plan_.size - bytes_) {
    return absl::InvalidArgumentError(
        fmt::format("data: more bytes than header.size, which says {}", plan_.size));
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", store_.PartOf(plan_.sha256), errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    bytes_ += written;
  }
  return absl::OkStatus();
}

absl::StatusOr<UploadState> DatasetUpload::Finish() {
  if (complete_) return UploadState{.committed_bytes = plan_.size, .complete = true};
  const fs::path part = store_.PartOf(plan_.sha256);
  if (::fsync(file_) != 0) return FileError("sync", part, errno);
  if (bytes_ < plan_.size) return UploadState{.committed_bytes = bytes_, .complete = false};
  GUICHET_ASSIGN_OR_RETURN(const std::string hash, HashOfFile(part));
  if (hash != plan_.sha256) {
    ::unlink(part.c_str());
    return absl::InvalidArgumentError(
        fmt::format("header.sha256: the {} bytes that came have the hash {}, not {}; they are "
                    "dropped, send the file again from offset 0",
                    bytes_, hash, plan_.sha256));
  }
  const fs::path target = store_.folder_ / (plan_.sha256 + EndingOf(GuessTicketFormat(plan_.name)));
  GUICHET_RETURN_IF_ERROR(MoveDurably(part, target));
  return UploadState{.committed_bytes = bytes_, .complete = true};
}

absl::StatusOr<std::unique_ptr<DatasetStore>> DatasetStore::Open(
    const fs::path& folder, const DatasetLimits& limits,
    std::function<absl::StatusOr<std::set<fs::path>>()> needed) {
  GUICHET_RETURN_IF_ERROR(MakeFoldersDurably(folder));
  return std::unique_ptr<DatasetStore>(new DatasetStore(folder, limits, std::move(needed)));
}

absl::Status DatasetStore::CheckPlan(const UploadPlan& plan) const {
  if (!IsHash(plan.sha256)) {
    return absl::InvalidArgumentError("header.sha256: it must be 64 lower-case hexadecimal digits");
  }
  if (plan.size < 1 || plan.size > limits_.max_dataset_bytes) {
    return absl::InvalidArgumentError(
        fmt::format("header.size is {}; it must be 1 to training.max_dataset_size, {} bytes: "
                    "compress the file with gzip or divide it",
                    plan.size, limits_.max_dataset_bytes));
  }
  if (plan.name.empty() || plan.name.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(fmt::format("header.name has {} bytes; it must have 1 to {}",
                                                  plan.name.size(), kMaxNameBytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<DatasetUpload>> DatasetStore::Begin(const UploadPlan& plan) {
  GUICHET_RETURN_IF_ERROR(CheckPlan(plan));
  const MutexLock lock(mutex_);
  if (active_.contains(plan.sha256)) {
    return absl::AbortedError(
        "another call uploads this data set; wait for its end, then ask again");
  }
  const bool complete = Find(plan.sha256).ok();
  if (complete) {
    active_[plan.sha256] = 0;
    return std::unique_ptr<DatasetUpload>(new DatasetUpload(*this, plan, -1, true));
  }
  const fs::path part = PartOf(plan.sha256);
  const std::int64_t stored = SizeOf(part);
  // A header alone asks how far the upload came.
  if (plan.offset != stored && plan.offset != 0) {
    return WrongOffset(plan.offset, stored);
  }
  GUICHET_RETURN_IF_ERROR(MakeRoom(plan));
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return FileError("open", part, errno);
  active_[plan.sha256] = plan.size;
  std::unique_ptr<DatasetUpload> upload(new DatasetUpload(*this, plan, file, false));
  upload->bytes_ = stored;
  return upload;
}

absl::Status DatasetStore::MakeRoom(const UploadPlan& plan) {
  const std::vector<StoredFile> files = FilesIn(folder_);
  std::int64_t used = plan.size;
  for (const auto& [hash, size] : active_) used += size;
  for (const StoredFile& file : files) {
    const std::string hash = HashIn(file.path);
    const auto active = active_.find(hash);
    const bool counted = hash == plan.sha256 || (active != active_.end() && active->second > 0);
    if (!counted) used += file.bytes;
  }
  if (used <= limits_.max_total_bytes) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(const std::set<fs::path> needed, needed_());
  for (const StoredFile& file : files) {
    const std::string hash = HashIn(file.path);
    if (hash == plan.sha256 || active_.contains(hash) || needed.contains(file.path)) continue;
    std::error_code error;
    if (fs::remove(file.path, error)) used -= file.bytes;
    if (used <= limits_.max_total_bytes) return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      fmt::format("header.size: {} bytes do not fit beside what jobs that wait need; "
                  "training.max_datasets_size is {}",
                  plan.size, limits_.max_total_bytes));
}

absl::StatusOr<fs::path> DatasetStore::Find(const std::string& dataset_id) const {
  if (!IsHash(dataset_id)) {
    return absl::InvalidArgumentError(
        "data.dataset_id: it must be the 64 hexadecimal digits that UploadDataset returned");
  }
  for (const TicketFormat format : kFormats) {
    fs::path path = folder_ / (dataset_id + EndingOf(format));
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return absl::NotFoundError(fmt::format(
      "data.dataset_id: no complete data set {}; upload it with UploadDataset", dataset_id));
}

fs::path DatasetStore::PartOf(const std::string& sha256) const {
  return folder_ / (sha256 + ".part");
}

void DatasetStore::Release(const std::string& sha256) {
  const MutexLock lock(mutex_);
  active_.erase(sha256);
}

absl::StatusOr<fs::path> ResolveBelowRoots(const std::string& path, const std::string& roots) {
  if (roots.empty()) {
    return absl::PermissionDeniedError(
        "files of the server may not be named: training.dataset_roots is empty; upload the data "
        "set instead");
  }
  std::error_code error;
  fs::path resolved = fs::canonical(path, error);
  std::string_view rest = roots;
  while (!rest.empty()) {
    const std::string_view root = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), root.size() + 1));
    if (root.empty()) continue;
    std::error_code root_error;
    const fs::path folder = fs::canonical(root, root_error);
    if (root_error || error) continue;
    const auto [at, ignored] =
        std::mismatch(folder.begin(), folder.end(), resolved.begin(), resolved.end());
    if (at == folder.end()) return resolved;
  }
  // One answer for absent and forbidden files outside, so that nobody learns what exists there.
  return absl::PermissionDeniedError(fmt::format(
      "\"{}\" is no file below training.dataset_roots; copy it there or upload it", path));
}

}  // namespace guichet
