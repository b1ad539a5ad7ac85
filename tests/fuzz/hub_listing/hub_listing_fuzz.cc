#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "model/hub/hub_listing.h"
#include "model/hub/needed_files.h"
#include "model/hub/repo_name.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// What a hub answers, and names as people type them. What is accepted stays below the folder it is
// put in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto repo = guichet::ParseRepoName(text); repo.ok()) {
    const auto again = guichet::ParseRepoName(repo->Full() + "@" + repo->revision);
    Require(again.ok() && again->Full() == repo->Full() && again->revision == repo->revision);
    Require(!std::filesystem::path("r/" + repo->revision)
                 .lexically_normal()
                 .string()
                 .starts_with(".."));
  }
  const auto listing = guichet::ParseHubListing(text);
  if (!listing.ok()) return 0;
  Require(guichet::IsCommit(listing->commit));
  for (const guichet::HubFile& file : listing->files) {
    const auto path = (std::filesystem::path("root") / file.name).lexically_normal();
    Require(*path.begin() == "root" && path != "root" && !file.name.starts_with('/'));
    Require((file.blob.size() == 40 || file.blob.size() == 64) && guichet::IsLowerHex(file.blob));
  }
  if (const auto needed = guichet::NeededFiles(*listing); needed.ok()) {
    for (const guichet::HubFile& file : *needed) Require(file.name.find('/') == file.name.npos);
  }
  return 0;
}
