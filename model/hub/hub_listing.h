#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace guichet {

// A file of a repository at one commit.
struct HubFile {
  std::string name;  // relative, with '/'
  std::uint64_t bytes = 0;
  // What its contents are called, by which they are verified: SHA-256 (64 digits) of a file in
  // large-file storage, else git's SHA-1 of a blob (40 digits).
  std::string blob;

  bool has_sha256() const { return blob.size() == 64; }
};

struct HubListing {
  std::string commit;
  std::vector<HubFile> files;
};

struct HubListingLimits {
  std::size_t max_json_bytes = std::size_t{16} << 20;
  std::size_t max_json_string_bytes = std::size_t{2} << 20;  // chat templates stand in it whole
  std::size_t max_files = 10'000;
  std::size_t max_name_bytes = 1'024;
  std::size_t max_part_bytes = 240;  // of a name between two '/', so that file systems take it
  std::uint64_t max_file_bytes = std::uint64_t{256} << 30;
};

// The answer of GET /api/models/<repo>/revision/<revision>?blobs=true. Nothing in it is trusted:
// INVALID_ARGUMENT names the field that is absent, out of range or would lead out of a folder.
absl::StatusOr<HubListing> ParseHubListing(std::string_view json,
                                           const HubListingLimits& limits = {});

}  // namespace guichet
