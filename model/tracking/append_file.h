#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Files that a run is written to as it goes. Errors are those of FileError (base/durable_file.h).

namespace guichet {

// A descriptor of a file opened to be appended to, and made where it is missing; `flags` are added
// to open's.
absl::StatusOr<int> OpenToAppend(const std::filesystem::path& path, int flags = 0);

// Appends all of `bytes` to a file of `size` bytes and adds them to `size`, or nothing: after an
// error the file is cut to `size` again.
absl::Status AppendWhole(int file, std::string_view bytes, std::int64_t& size,
                         const std::filesystem::path& path);

// INTERNAL, whatever it fails of: half a record may be left, which nothing may follow.
absl::Status CutFile(int file, std::int64_t size, const std::filesystem::path& path);

// Makes a folder and those above it.
absl::Status MakeFolders(const std::filesystem::path& folder);

}  // namespace guichet
