#include "model/hub/hub_refusal.h"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

namespace guichet {
namespace {

constexpr std::size_t kMaxShownBytes = 300;

std::string Header(const HttpAnswer& answer, const char* name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? "" : found->second;
}

// The server's own words, without what a terminal would act on.
std::string Words(const HttpAnswer& answer) {
  std::string words = Header(answer, "x-error-message").substr(0, kMaxShownBytes);
  for (char& c : words) {
    if (c < ' ' || c > '~') c = '?';
  }
  return words.empty() ? words : fmt::format(" ({})", words);
}

absl::Status Denied(const HttpAnswer& answer, const RepoName& repo, const HubOptions& options) {
  const std::string code = Header(answer, "x-error-code");
  const std::string page = options.endpoint + "/" + repo.Full();
  const char* const who = options.token.empty()
                              ? "set HF_TOKEN to a token of an account that may read it"
                              : "HF_TOKEN's account may not read it, or the token does not count";
  if (code == "GatedRepo") {
    return absl::PermissionDeniedError(
        fmt::format("{} is gated: accept its terms at {}, then {}{}", repo.Full(), page,
                    options.token.empty() ? "set HF_TOKEN to your token"
                                          : "try again with the same account's HF_TOKEN",
                    Words(answer)));
  }
  if (code == "RepoNotFound") {
    return absl::PermissionDeniedError(
        fmt::format("{}: no such repository at {}, or a private one: check the name, or {}{}",
                    repo.Full(), options.endpoint, who, Words(answer)));
  }
  return absl::PermissionDeniedError(fmt::format(
      "{}: {} answered {}: {}{}", repo.Full(), options.endpoint, answer.code, who, Words(answer)));
}

absl::Status Missing(const HttpAnswer& answer, const RepoName& repo, const std::string& what,
                     const HubOptions& options) {
  const std::string code = Header(answer, "x-error-code");
  if (code == "RepoNotFound") {
    return absl::NotFoundError(fmt::format(
        "{}: no such repository at {}, or one that {} may not see: check the name, or HF_TOKEN",
        repo.Full(), options.endpoint, options.token.empty() ? "nobody unnamed" : "this account"));
  }
  if (code == "RevisionNotFound") {
    return absl::NotFoundError(
        fmt::format("{} has no revision '{}': give a branch, a tag or a commit that {} shows",
                    repo.Full(), repo.revision, options.endpoint));
  }
  if (code == "EntryNotFound") {
    return absl::NotFoundError(
        fmt::format("{}: the hub lists {} and does not have it; try again, or another revision",
                    repo.Full(), what));
  }
  return absl::NotFoundError(
      fmt::format("{} answered 404 for {} of {}{}; is HF_ENDPOINT a Hugging Face hub?",
                  options.endpoint, what, repo.Full(), Words(answer)));
}

}  // namespace

absl::Status HubRefusal(const HttpAnswer& answer, const RepoName& repo, const std::string& what,
                        const HubOptions& options) {
  switch (answer.code) {
    case 401:
    case 403:
      return Denied(answer, repo, options);
    case 404:
    case 410:
      return Missing(answer, repo, what, options);
    case 416:
      return absl::OutOfRangeError("the server has no such range of it");
    case 451:
      return absl::PermissionDeniedError(
          fmt::format("{}: the hub may not give it out{}", repo.Full(), Words(answer)));
    default:
      break;
  }
  const std::string message = fmt::format("{} answered {} for {} of {}{}", options.endpoint,
                                          answer.code, what, repo.Full(), Words(answer));
  if (answer.code == 408 || answer.code == 429 || answer.code >= 500) {
    return absl::UnavailableError(message);
  }
  return absl::FailedPreconditionError(message + "; is HF_ENDPOINT a Hugging Face hub?");
}

std::chrono::milliseconds RetryAfter(const HttpAnswer& answer) {
  const std::string text = Header(answer, "retry-after");
  std::uint32_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return {};
  return std::chrono::seconds(seconds);
}

}  // namespace guichet
