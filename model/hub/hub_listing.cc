#include "model/hub/hub_listing.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/hub/repo_name.h"

namespace guichet {
namespace {

using nlohmann::json;

absl::Status Wrong(const std::string& field, std::string_view expected) {
  return absl::InvalidArgumentError(
      fmt::format("{}: expected {}; this is not the listing of a hub that can be trusted, see "
                  "HF_ENDPOINT",
                  field, expected));
}

const json* Find(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// No part of a name may be empty, lead upwards, or hold what terminals and file systems act on.
absl::Status CheckName(const std::string& field, std::string_view name,
                       const HubListingLimits& limits) {
  if (name.empty() || name.size() > limits.max_name_bytes) {
    return Wrong(field, fmt::format("a file name of 1 to {} bytes, got {}", limits.max_name_bytes,
                                    name.size()));
  }
  const bool clean = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 127 && c != '\\'; });
  if (!clean) return Wrong(field, "a file name without control characters and '\\'");
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") {
      return Wrong(field, fmt::format("a relative file name without '.', '..' and empty parts, got "
                                      "'{}'",
                                      name.substr(0, 200)));
    }
    if (part.size() > limits.max_part_bytes) {
      return Wrong(field, fmt::format("no part of a file name longer than {} bytes, got {}",
                                      limits.max_part_bytes, part.size()));
    }
    begin = end + 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> ReadSize(const json& object, const std::string& field,
                                       const HubListingLimits& limits) {
  const json* const size = Find(object, "size");
  if (size == nullptr || !size->is_number_unsigned() ||
      size->get<std::uint64_t>() > limits.max_file_bytes) {
    return Wrong(field + ".size",
                 fmt::format("a whole number of bytes from 0 to {}, got {}", limits.max_file_bytes,
                             size == nullptr ? "none" : size->dump().substr(0, 50)));
  }
  return size->get<std::uint64_t>();
}

absl::StatusOr<std::string> ReadDigest(const json& object, const char* key,
                                       const std::string& field, std::size_t digits) {
  const json* const text = Find(object, key);
  if (text != nullptr && text->is_string()) {
    auto digest = text->get<std::string>();
    if (digest.size() == digits && IsLowerHex(digest)) return digest;
  }
  return Wrong(field + "." + key, fmt::format("{} lower-case hexadecimal digits", digits));
}

absl::StatusOr<HubFile> ReadFileEntry(const json& entry, const std::string& field,
                                      const HubListingLimits& limits) {
  if (!entry.is_object()) return Wrong(field, "an object");
  HubFile file;
  const json* const name = Find(entry, "rfilename");
  if (name == nullptr || !name->is_string()) return Wrong(field + ".rfilename", "a file name");
  file.name = name->get<std::string>();
  GUICHET_RETURN_IF_ERROR(CheckName(field + ".rfilename", file.name, limits));
  const json* const lfs = Find(entry, "lfs");
  if (lfs == nullptr) {
    GUICHET_ASSIGN_OR_RETURN(file.bytes, ReadSize(entry, field, limits));
    GUICHET_ASSIGN_OR_RETURN(file.blob, ReadDigest(entry, "blobId", field, 40));
    return file;
  }
  if (!lfs->is_object()) return Wrong(field + ".lfs", "an object");
  GUICHET_ASSIGN_OR_RETURN(file.bytes, ReadSize(*lfs, field + ".lfs", limits));
  GUICHET_ASSIGN_OR_RETURN(file.blob, ReadDigest(*lfs, "sha256", field + ".lfs", 64));
  return file;
}

}  // namespace

absl::StatusOr<HubListing> ParseHubListing(std::string_view text, const HubListingLimits& limits) {
  GUICHET_ASSIGN_OR_RETURN(
      const json answer, ParseStrictJson(text, {.max_bytes = limits.max_json_bytes,
                                                .max_values = 50 * limits.max_files,
                                                .max_string_bytes = limits.max_json_string_bytes}));
  if (!answer.is_object()) return Wrong("the listing", "a JSON object");
  HubListing listing;
  GUICHET_ASSIGN_OR_RETURN(listing.commit, ReadDigest(answer, "sha", "listing", 40));
  const json* const files = Find(answer, "siblings");
  if (files == nullptr || !files->is_array()) return Wrong("siblings", "a list of files");
  if (files->size() > limits.max_files) {
    return Wrong("siblings",
                 fmt::format("at most {} files, got {}", limits.max_files, files->size()));
  }
  std::set<std::string> names;
  for (const json& entry : *files) {
    const std::string field = fmt::format("siblings[{}]", listing.files.size());
    GUICHET_ASSIGN_OR_RETURN(HubFile file, ReadFileEntry(entry, field, limits));
    if (!names.insert(file.name).second) {
      return Wrong(field + ".rfilename", fmt::format("no name twice, got '{}'", file.name));
    }
    listing.files.push_back(std::move(file));
  }
  return listing;
}

}  // namespace guichet
