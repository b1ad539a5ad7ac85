#include "client/dataset_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include "base/sha256.h"
#include "base/status_macros.h"

namespace guichet {

absl::StatusOr<DatasetFile> DatasetFile::Open(const std::filesystem::path& path,
                                              const std::function<bool()>& stop) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is not a regular file; a data set is read twice, for its hash and for its bytes",
        path.string()));
  }
  DatasetFile file;
  file.path_ = path;
  file.file_.reset(std::fopen(path.c_str(), "rb"));
  if (file.file_ == nullptr) {
    const int code = errno;
    const std::string message = fmt::format("{}: {}", path.string(), std::strerror(code));
    return code == ENOENT ? absl::NotFoundError(message) : absl::InvalidArgumentError(message);
  }
  Sha256 hash;
  std::string part;
  while (true) {
    if (stop && stop()) return absl::CancelledError("stopped while " + path.string() + " was read");
    GUICHET_RETURN_IF_ERROR(file.ReadSome(file.size_, part));
    if (part.empty()) break;
    hash.Update(part);
    file.size_ += static_cast<std::int64_t>(part.size());
  }
  if (file.size_ == 0) {
    return absl::InvalidArgumentError(path.string() + " is empty; give labelled tickets");
  }
  file.sha256_ = hash.HexDigest();
  return file;
}

absl::Status DatasetFile::Read(std::int64_t offset, std::string& part) {
  GUICHET_RETURN_IF_ERROR(ReadSome(offset, part));
  const std::int64_t expected =
      std::min(static_cast<std::int64_t>(kPartBytes), std::max<std::int64_t>(0, size_ - offset));
  if (static_cast<std::int64_t>(part.size()) >= expected) {
    part.resize(static_cast<std::size_t>(expected));
    return absl::OkStatus();
  }
  return absl::DataLossError(fmt::format(
      "{} became shorter while it was sent; send it again once nothing writes it", path_.string()));
}

absl::Status DatasetFile::ReadSome(std::int64_t offset, std::string& part) {
  part.resize(kPartBytes);
  if (::fseeko(file_.get(), offset, SEEK_SET) == 0) {
    part.resize(std::fread(part.data(), 1, part.size(), file_.get()));
    if (std::ferror(file_.get()) == 0) return absl::OkStatus();
  }
  return absl::DataLossError(
      fmt::format("{} cannot be read: {}", path_.string(), std::strerror(errno)));
}

}  // namespace guichet
