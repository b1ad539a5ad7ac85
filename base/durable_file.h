#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Writing so that a crash leaves the old contents or the new, never a mixture: temporary file,
// fsync, rename, fsync of the folder (the order of "All File Systems Are Not Created Equal", OSDI
// 2014). A failed fsync is an error, never retried.

namespace guichet {

// What `error` (errno) says of `action` on a file: "cannot write a/b: …". RESOURCE_EXHAUSTED when
// the disk is full, else INTERNAL.
absl::Status FileError(std::string_view action, const std::filesystem::path& path, int error);

// Reads a whole file of at most `max_bytes`. NOT_FOUND when absent, INVALID_ARGUMENT when larger or
// not a regular file.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t max_bytes);

// Replaces `path` by `contents` atomically and durably. On error the old file is untouched and
// nothing is left behind.
absl::Status WriteFileDurably(const std::filesystem::path& path, std::string_view contents);

// Renames a file or folder whose contents are on disk already, within one file system, and makes
// that durable. ALREADY_EXISTS when `to` exists, NOT_FOUND when `from` does not.
absl::Status MoveDurably(const std::filesystem::path& from, const std::filesystem::path& to);

// Makes a folder and those it lies in where they are missing, each durably. INTERNAL: it cannot.
absl::Status MakeFoldersDurably(const std::filesystem::path& path);

// Makes durable what was made, renamed or removed in a folder.
absl::Status SyncFolder(const std::filesystem::path& path);

// Builds a folder atomically: `fill` writes into a fresh staging folder beside `target`; then every
// file in it is fsynced, and the staging folder is renamed to `target`. ALREADY_EXISTS when
// `target` exists. On error the staging folder is removed.
absl::Status CreateFolderDurably(
    const std::filesystem::path& target,
    const std::function<absl::Status(const std::filesystem::path& staging)>& fill);

}  // namespace guichet
