#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

// A model repository on a hub, and the revision asked for: "owner/name" or "owner/name@revision".
struct RepoName {
  std::string owner;
  std::string name;
  std::string revision = "main";  // a branch, a tag, or a commit

  std::string Full() const { return owner + "/" + name; }
};

// By the hub's own rules for names. INVALID_ARGUMENT says which rule.
absl::StatusOr<RepoName> ParseRepoName(std::string_view text);
// Whether `text` has the form of a repository's name; it may be a relative path as well.
bool LooksLikeRepoName(std::string_view text);

// A revision also becomes a path below refs/, so it may not lead out of there.
absl::Status CheckRevision(std::string_view revision);
// 40 lower-case hexadecimal digits: what a branch or a tag stands for at one moment.
bool IsCommit(std::string_view text);
bool IsLowerHex(std::string_view text);

}  // namespace guichet
