#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/statusor.h"
#include "base/message_digest.h"
#include "model/hub/hub_listing.h"

namespace guichet {

// The digest that a file's blob is named by, ready for its contents: plain SHA-256, or git's SHA-1
// of "blob <size>\0" and the contents.
MessageDigest BlobDigest(const HubFile& file);

// Adds the first `bytes` bytes of an open file. INTERNAL when it has fewer.
absl::Status AddToDigest(int descriptor, std::uint64_t bytes, MessageDigest& digest);

// Whether the file at `path` is, by size and digest, what `file` names. False when there is none.
absl::StatusOr<bool> IsBlob(const std::filesystem::path& path, const HubFile& file);

}  // namespace guichet
