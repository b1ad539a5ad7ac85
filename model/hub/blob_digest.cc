#include "model/hub/blob_digest.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;

}  // namespace

MessageDigest BlobDigest(const HubFile& file) {
  if (file.has_sha256()) return MessageDigest(DigestKind::kSha256);
  MessageDigest digest(DigestKind::kSha1);
  digest.Update(fmt::format("blob {}", file.bytes) + '\0');
  return digest;
}

absl::Status AddToDigest(int descriptor, std::uint64_t bytes, MessageDigest& digest) {
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min(kPieceBytes, bytes)));
  for (std::uint64_t done = 0; done < bytes;) {
    const auto wanted = static_cast<std::size_t>(std::min(kPieceBytes, bytes - done));
    const ssize_t got = ::pread(descriptor, piece.data(), wanted, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::InternalError("it became shorter while it was read");
    digest.Update(std::span(piece).first(static_cast<std::size_t>(got)));
    done += static_cast<std::uint64_t>(got);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> IsBlob(const std::filesystem::path& path, const HubFile& file) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    if (errno == ENOENT) return false;
    return FileError("open", path, errno);
  }
  struct stat info{};
  bool same = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) &&
              static_cast<std::uint64_t>(info.st_size) == file.bytes;
  if (same) {
    MessageDigest digest = BlobDigest(file);
    same = AddToDigest(descriptor, file.bytes, digest).ok() && digest.HexDigest() == file.blob;
  }
  ::close(descriptor);
  return same;
}

}  // namespace guichet
