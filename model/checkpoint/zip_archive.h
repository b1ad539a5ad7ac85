#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace guichet {

// The entries of a zip file by name; views into the file.
using ZipEntries = std::map<std::string, std::span<const std::byte>>;

// Reads a zip whose entries are all stored, as torch.save writes them (zip64 included), from its
// central directory. Refused: compressed or encrypted entries, overlapping or duplicate ones, wrong
// checksums, names that are absolute or hold "..", "\" or control characters, more than
// kMaxZipEntries entries. INVALID_ARGUMENT says which rule is broken, by which entry.
absl::StatusOr<ZipEntries> ReadStoredZip(std::span<const std::byte> file);

inline constexpr size_t kMaxZipEntries = 10'000;

}  // namespace guichet
