#include "model/hub/repo_name.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxNameBytes = 96;  // the hub's own limit
constexpr std::size_t kMaxRevisionBytes = 200;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

absl::Status CheckPart(std::string_view part, std::string_view what) {
  const auto refuse = [&](std::string_view rule) {
    return absl::InvalidArgumentError(fmt::format("the {} '{}' {}", what, part, rule));
  };
  if (part.empty()) return absl::InvalidArgumentError(fmt::format("the {} is empty", what));
  if (!std::ranges::all_of(part, IsNameByte))
    return refuse("may hold only letters, digits, -_ and .");
  if (part.front() == '-' || part.front() == '.' || part.back() == '-' || part.back() == '.') {
    return refuse("begins or ends with - or .");
  }
  if (part.find("--") != part.npos || part.find("..") != part.npos) return refuse("holds -- or ..");
  return absl::OkStatus();
}

}  // namespace

bool IsLowerHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsCommit(std::string_view text) { return text.size() == 40 && IsLowerHex(text); }

absl::Status CheckRevision(std::string_view revision) {
  if (revision.empty() || revision.size() > kMaxRevisionBytes) {
    return absl::InvalidArgumentError(
        fmt::format("the revision has {} bytes; 1 to {} are allowed: a branch, a tag or a commit",
                    revision.size(), kMaxRevisionBytes));
  }
  const bool plain = std::ranges::all_of(
      revision, [](char c) { return c > ' ' && c <= '~' && c != '\\' && c != ':' && c != '?'; });
  bool leads_out = false;
  for (std::size_t begin = 0; begin <= revision.size();) {
    const std::size_t end = std::min(revision.find('/', begin), revision.size());
    const std::string_view part = revision.substr(begin, end - begin);
    leads_out = leads_out || part.empty() || part.front() == '.' || part.find("..") != part.npos;
    begin = end + 1;
  }
  if (plain && !leads_out) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the revision '{}' is no branch, tag or commit: give printable ASCII without "
                  "spaces, '\\', ':', '?', '..' and empty parts",
                  plain ? revision : "(not shown)"));
}

absl::StatusOr<RepoName> ParseRepoName(std::string_view text) {
  RepoName repo;
  std::string_view full = text;
  if (const std::size_t at = text.find('@'); at != text.npos) {
    full = text.substr(0, at);
    GUICHET_RETURN_IF_ERROR(CheckRevision(text.substr(at + 1)));
    repo.revision = text.substr(at + 1);
  }
  const std::size_t slash = full.find('/');
  if (slash == full.npos || full.find('/', slash + 1) != full.npos) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is not of the form owner/name or owner/name@revision, as moussaKam/barthez", full));
  }
  if (full.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(fmt::format(
        "the repository's name has {} bytes, more than {}", full.size(), kMaxNameBytes));
  }
  repo.owner = full.substr(0, slash);
  repo.name = full.substr(slash + 1);
  GUICHET_RETURN_IF_ERROR(CheckPart(repo.owner, "owner"));
  GUICHET_RETURN_IF_ERROR(CheckPart(repo.name, "name"));
  return repo;
}

bool LooksLikeRepoName(std::string_view text) { return ParseRepoName(text).ok(); }

}  // namespace guichet
