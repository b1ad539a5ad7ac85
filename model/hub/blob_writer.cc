#include "model/hub/blob_writer.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/hub/blob_digest.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string Header(const HttpAnswer& head, const char* name) {
  const auto found = head.headers.find(name);
  return found == head.headers.end() ? "" : found->second;
}

// "bytes 100-199/200": where it begins, and the whole's size; "*" for an unknown size.
struct ContentRange {
  std::uint64_t begin = 0;
  std::optional<std::uint64_t> size;
};

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == text.npos || slash == text.npos || slash < dash) return std::nullopt;
  const auto begin = ParseNumber(text.substr(0, dash));
  if (!begin) return std::nullopt;
  return ContentRange{*begin, ParseNumber(text.substr(slash + 1))};
}

absl::Status AnotherSize(const HubFile& file, std::uint64_t bytes) {
  return absl::DataLossError(
      fmt::format("{}: the server sends {} bytes, the listing says {}; a server or a proxy on the "
                  "way changes it, see HF_ENDPOINT",
                  file.name, bytes, file.bytes));
}

}  // namespace

BlobWriter::BlobWriter(fs::path path, HubFile file)
    : path_(std::move(path)), file_(std::move(file)), digest_(BlobDigest(file_)) {}

BlobWriter::~BlobWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

absl::StatusOr<std::unique_ptr<BlobWriter>> BlobWriter::Open(const fs::path& path,
                                                             const HubFile& file) {
  std::unique_ptr<BlobWriter> writer(new BlobWriter(path, file));
  GUICHET_RETURN_IF_ERROR(writer->Prepare());
  return writer;
}

absl::Status BlobWriter::Prepare() {
  constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  descriptor_ = ::open(path_.c_str(), kFlags, 0644);
  if (descriptor_ < 0) return FileError("open", path_, errno);
  struct stat info{};
  if (::fstat(descriptor_, &info) != 0) return FileError("look at", path_, errno);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        fmt::format("{}: not a regular file; remove it", path_.string()));
  }
  const auto bytes = static_cast<std::uint64_t>(info.st_size);
  if (bytes > file_.bytes) return Restart();
  GUICHET_RETURN_IF_ERROR(AddToDigest(descriptor_, bytes, digest_));
  done_ = kept_ = bytes;
  return absl::OkStatus();
}

absl::Status BlobWriter::Restart() {
  if (::ftruncate(descriptor_, 0) != 0) return FileError("empty", path_, errno);
  digest_ = BlobDigest(file_);
  done_ = kept_ = 0;
  return absl::OkStatus();
}

absl::Status BlobWriter::Begin(const HttpAnswer& head) {
  if (head.code == 206) {
    const auto range = ParseContentRange(Header(head, "content-range"));
    if (!range || range->begin != done_) {
      return absl::DataLossError(
          fmt::format("{}: asked for the bytes from {} on, the server sends Content-Range '{}'",
                      file_.name, done_, Header(head, "content-range").substr(0, 100)));
    }
    if (range->size && *range->size != file_.bytes) return AnotherSize(file_, *range->size);
    return absl::OkStatus();
  }
  if (head.code != 200) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the server answered {}, expected 200 or 206", file_.name, head.code));
  }
  const auto length = ParseNumber(Header(head, "content-length"));
  if (length && *length != file_.bytes) return AnotherSize(file_, *length);
  return done_ == 0 ? absl::OkStatus() : Restart();
}

absl::Status BlobWriter::Take(std::string_view bytes) {
  if (bytes.size() > file_.bytes - done_) {
    return absl::DataLossError(
        fmt::format("{}: the server sends more than the {} bytes that the listing says", file_.name,
                    file_.bytes));
  }
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t written =
        ::pwrite(descriptor_, left.data(), left.size(), static_cast<off_t>(done_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path_, errno);
    const auto count = static_cast<std::size_t>(written);
    digest_.Update(left.substr(0, count));
    done_ += count;
    received_ += count;
    left.remove_prefix(count);
  }
  if (on_bytes_) on_bytes_(done_);
  return absl::OkStatus();
}

absl::Status BlobWriter::Finish() {
  if (done_ < file_.bytes) {
    return absl::UnavailableError(
        fmt::format("{}: it ended after {} of {} bytes", file_.name, done_, file_.bytes));
  }
  const std::string digest = std::exchange(digest_, BlobDigest(file_)).HexDigest();
  if (digest != file_.blob) {
    return absl::DataLossError(fmt::format(
        "{}: its {} is {}, the listing says {}; a server or a proxy on the way changed "
        "it, see HF_ENDPOINT; what came was removed",
        file_.name, file_.has_sha256() ? "SHA-256" : "git blob SHA-1", digest, file_.blob));
  }
  return ::fsync(descriptor_) == 0 ? absl::OkStatus() : FileError("sync", path_, errno);
}

}  // namespace guichet
