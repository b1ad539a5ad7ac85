#include "model/hub/out_folder.h"

#include <system_error>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

absl::Status TakeBlob(const fs::path& blob, const fs::path& to, TakeBlobs how) {
  std::error_code error;
  if (how == TakeBlobs::kByLink) {
    fs::create_hard_link(blob, to, error);
    if (!error) return absl::OkStatus();
    error.clear();  // a file system without links
  }
  fs::copy_file(blob, to, error);
  return error ? FileError("copy to", to, error.value()) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<OutFolder> PlaceOutFolder(const fs::path& out) {
  std::error_code error;
  fs::path folder = fs::absolute(out, error).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();  // after a slash at the end
  if (error || !folder.has_filename()) {
    return absl::InvalidArgumentError(
        fmt::format("--out '{}': not a name for a new folder", out.string()));
  }
  if (!fs::is_directory(folder.parent_path(), error)) {
    return absl::NotFoundError(fmt::format("--out {}: there is no folder {}; make it first",
                                           out.string(), folder.parent_path().string()));
  }
  const std::string hidden = fmt::format(".{}.pull", folder.filename().string());
  return OutFolder{.folder = folder,
                   .store = folder.parent_path() / hidden,
                   .lock = folder.parent_path() / (hidden + ".lock")};
}

absl::Status CheckIsNew(const OutFolder& out) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(out.folder, ignored))) return absl::OkStatus();
  return absl::AlreadyExistsError(
      fmt::format("{} exists; choose another --out or remove it", out.folder.string()));
}

absl::Status FillOutFolder(const OutFolder& out, const HubCache& blobs,
                           const std::vector<HubFile>& files, TakeBlobs how) {
  return CreateFolderDurably(out.folder, [&](const fs::path& staging) -> absl::Status {
    for (const HubFile& file : files) {
      GUICHET_RETURN_IF_ERROR(TakeBlob(blobs.BlobPath(file.blob), staging / file.name, how));
    }
    return absl::OkStatus();
  });
}

}  // namespace guichet
