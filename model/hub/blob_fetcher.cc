#include "model/hub/blob_fetcher.h"

#include <algorithm>
#include <memory>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/hub/blob_digest.h"
#include "model/hub/file_lock.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// A try that brought this much got on; less may be a server that feeds crumbs for ever.
constexpr std::uint64_t kMovedBytes = std::uint64_t{1} << 20;
constexpr std::chrono::milliseconds kGlance{50};  // how often a pause looks for an interrupt

bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

std::uint64_t SizeOf(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

}  // namespace

absl::Status BlobFetcher::Persist(const std::function<absl::Status(bool& moved)>& attempt) {
  auto wait = options_.retry_wait;
  for (int failed = 0;;) {
    if (Cancelled()) return absl::CancelledError("interrupted");
    bool moved = false;
    absl::Status status = attempt(moved);
    if (!MayPass(status)) return status;
    if (moved) {
      failed = 0;
      wait = options_.retry_wait;
    }
    if (++failed > options_.retries) return status;
    const auto pause = std::min(options_.max_retry_wait, std::max(wait, client_.retry_after()));
    Say(fmt::format("{}; again in {:.1f} s (try {} of {})", std::string(status.message()),
                    std::chrono::duration<double>(pause).count(), failed + 1,
                    options_.retries + 1));
    GUICHET_RETURN_IF_ERROR(Pause(pause));
    wait = std::min(2 * wait, options_.max_retry_wait);
  }
}

absl::Status BlobFetcher::Pause(std::chrono::milliseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (true) {
    if (Cancelled()) return absl::CancelledError("interrupted");
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) return absl::OkStatus();
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, kGlance));
  }
}

void BlobFetcher::Say(const std::string& line) const {
  if (observer_.on_line) observer_.on_line(line);
}

void BlobFetcher::ShowProgress(const HubFile& file, std::uint64_t done) const {
  if (!observer_.on_progress) return;
  observer_.on_progress(
      {.file = file.name, .done = finished_ + done, .total = total_, .moved = downloaded_});
}

absl::Status BlobFetcher::CheckRoom(const std::vector<HubFile>& files) const {
  std::uint64_t needed = 0;
  for (const HubFile& file : files) {
    if (SizeOf(store_.BlobPath(file.blob)) == file.bytes) continue;
    needed += file.bytes - std::min(file.bytes, SizeOf(store_.IncompletePath(file.blob)));
  }
  std::error_code error;
  const fs::path folder = store_.BlobPath("").parent_path();
  const fs::space_info space = fs::space(folder, error);
  if (error || space.available >= needed) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("{} more bytes are needed, {} are free on the disk of {}; free some, or choose "
                  "another HF_HOME or --out",
                  needed, space.available, folder.string()));
}

absl::Status BlobFetcher::FetchAll(const RepoName& repo, const std::string& commit,
                                   const std::vector<HubFile>& files) {
  GUICHET_RETURN_IF_ERROR(store_.MakeFolders());
  GUICHET_RETURN_IF_ERROR(CheckRoom(files));
  total_ = 0;
  for (const HubFile& file : files) total_ += file.bytes;
  for (const HubFile& file : files) {
    GUICHET_RETURN_IF_ERROR(Fetch({repo, commit, file}));
    finished_ += file.bytes;
  }
  return absl::OkStatus();
}

absl::Status BlobFetcher::Fetch(const Wanted& wanted) {
  const HubFile& file = wanted.file;
  if (Cancelled()) return absl::CancelledError("interrupted");
  GUICHET_ASSIGN_OR_RETURN(
      const FileLock lock,
      FileLock::Take(store_.LockPath(file.blob), options_.lock_wait, observer_.cancelled, [&] {
        Say(fmt::format("{}: another process fetches it; waiting", file.name));
      }));
  GUICHET_ASSIGN_OR_RETURN(const bool there, IsThere(file));
  if (!there) return Download(wanted);
  ShowProgress(file, file.bytes);
  return absl::OkStatus();
}

// In the store already, whole; or in the other cache, from where it is copied.
absl::StatusOr<bool> BlobFetcher::IsThere(const HubFile& file) {
  std::error_code error;
  const fs::path blob = store_.BlobPath(file.blob);
  if (fs::exists(fs::symlink_status(blob, error))) {
    GUICHET_ASSIGN_OR_RETURN(const bool whole, IsBlob(blob, file));
    if (whole) return true;
    Say(fmt::format("{}: {} was changed or damaged; fetching it again", file.name, blob.string()));
    fs::remove(blob, error);
    if (error) return FileError("remove", blob, error.value());
  }
  if (other_ == nullptr) return false;
  const fs::path copied = other_->BlobPath(file.blob);
  GUICHET_ASSIGN_OR_RETURN(const bool elsewhere, IsBlob(copied, file));
  if (!elsewhere) return false;
  const fs::path incomplete = store_.IncompletePath(file.blob);
  fs::copy_file(copied, incomplete, fs::copy_options::overwrite_existing, error);
  if (error) return FileError("copy to", incomplete, error.value());
  GUICHET_RETURN_IF_ERROR(MoveDurably(incomplete, blob));
  return true;
}

absl::Status BlobFetcher::Download(const Wanted& wanted) {
  bool went_on = false;
  absl::Status status = DownloadOnce(wanted, went_on);
  if (absl::IsDataLoss(status) && went_on) {
    // What was there before may be at fault, so that all of it is fetched once more.
    Say(fmt::format("{}; starting over", std::string(status.message())));
    status = DownloadOnce(wanted, went_on);
  }
  return status;
}

// `went_on`: the last request did not begin at the first byte.
absl::Status BlobFetcher::DownloadOnce(const Wanted& wanted, bool& went_on) {
  const HubFile& file = wanted.file;
  const fs::path incomplete = store_.IncompletePath(file.blob);
  const std::uint64_t before = downloaded_;
  GUICHET_ASSIGN_OR_RETURN(const auto writer, BlobWriter::Open(incomplete, file));
  writer->set_on_bytes([&](std::uint64_t done) {
    downloaded_ = before + writer->received();
    ShowProgress(file, done);
  });
  const absl::Status status = Persist([&](bool& moved) -> absl::Status {
    const std::uint64_t received = writer->received();
    went_on = writer->done() > 0;
    if (writer->done() < file.bytes) {
      const absl::Status got =
          client_.Download(wanted.repo, wanted.commit, file, writer->done(), *writer);
      moved = writer->received() - received >= kMovedBytes;
      if (absl::IsOutOfRange(got)) {
        GUICHET_RETURN_IF_ERROR(writer->Restart());
        return absl::UnavailableError(file.name + ": the server does not go on where it ended");
      }
      GUICHET_RETURN_IF_ERROR(got);
    }
    return writer->Finish();
  });
  std::error_code ignored;
  if (absl::IsDataLoss(status) || (!status.ok() && writer->done() == 0)) {
    fs::remove(incomplete, ignored);
  }
  if (!status.ok()) return Kept(status, file, *writer);
  return MoveDurably(incomplete, store_.BlobPath(file.blob));
}

// A failure that leaves something to go on with says so.
absl::Status BlobFetcher::Kept(const absl::Status& status, const HubFile& file,
                               const BlobWriter& writer) const {
  const bool passes = MayPass(status);
  if (!passes && !absl::IsCancelled(status)) return status;
  const std::string message =
      fmt::format("{}; {} of {} bytes of {} are kept: run the same command again to go on",
                  std::string(status.message()), writer.done(), file.bytes, file.name);
  if (writer.done() == 0) return status;
  if (passes && writer.received() > 0) return absl::AbortedError(message);
  return absl::Status(status.code(), message);
}

}  // namespace guichet
