#include "model/hub/hub_options.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/durable_file.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTokenBytes = 4096;

// The first of these variables that is set and not empty.
std::string FirstOf(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const char* value = environment(name); value != nullptr && *value != '\0') return value;
  }
  return "";
}

fs::path HomeOf(const Environment& environment) {
  const std::string home = FirstOf(environment, {"HOME"});
  return home.empty() ? fs::path("/") : fs::path(home);
}

fs::path WithHome(const std::string& path, const Environment& environment) {
  if (path == "~") return HomeOf(environment);
  return path.starts_with("~/") ? HomeOf(environment) / path.substr(2) : fs::path(path);
}

fs::path HubHome(const Environment& environment) {
  if (const auto home = FirstOf(environment, {"HF_HOME"}); !home.empty()) {
    return WithHome(home, environment);
  }
  const auto cache = FirstOf(environment, {"XDG_CACHE_HOME"});
  return (cache.empty() ? HomeOf(environment) / ".cache" : WithHome(cache, environment)) /
         "huggingface";
}

bool IsTrue(std::string value) {
  for (char& c : value) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  constexpr std::array<std::string_view, 4> kTrue = {"1", "ON", "YES", "TRUE"};
  return std::ranges::find(kTrue, value) != kTrue.end();
}

// What stands between white space; a token goes into a header, so it may hold nothing else.
absl::StatusOr<std::string> CleanToken(std::string_view text, const std::string& source) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text = text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (plain && text.size() <= kMaxTokenBytes) return std::string(text);
  return absl::InvalidArgumentError(
      fmt::format("{}: not a token: give up to {} printable characters without spaces", source,
                  kMaxTokenBytes));
}

absl::StatusOr<std::string> FindToken(const Environment& environment, const fs::path& hub_home) {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    const std::string value = FirstOf(environment, {name});
    if (!value.empty()) return CleanToken(value, name);
  }
  const std::string named = FirstOf(environment, {"HF_TOKEN_PATH"});
  const fs::path file = named.empty() ? hub_home / "token" : WithHome(named, environment);
  const auto text = ReadFile(file, kMaxTokenBytes);
  if (absl::IsNotFound(text.status())) return std::string();
  GUICHET_RETURN_IF_ERROR(text.status());
  return CleanToken(*text, file.string());
}

absl::StatusOr<std::string> FindEndpoint(const Environment& environment) {
  std::string endpoint = FirstOf(environment, {"HF_ENDPOINT"});
  if (endpoint.empty()) return HubOptions().endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const bool web = endpoint.starts_with("https://") || endpoint.starts_with("http://");
  const bool plain = std::ranges::all_of(
      endpoint, [](char c) { return c > ' ' && c <= '~' && c != '?' && c != '#' && c != '@'; });
  if (web && plain && endpoint.size() > std::string_view("https://").size()) return endpoint;
  return absl::InvalidArgumentError(
      "HF_ENDPOINT: not a hub's address: give https://HOST[:PORT][/PATH] (http:// where it has no "
      "TLS), without a user, a query or spaces");
}

absl::Status CheckRange(std::string_view name, std::int64_t value, std::int64_t least,
                        std::int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; {} to {} are allowed", name, value, least, most));
}

}  // namespace

absl::Status HubOptions::Validate() const {
  constexpr std::int64_t kTenMinutes = 600'000;
  GUICHET_RETURN_IF_ERROR(CheckRange("retries", retries, 0, 100));
  GUICHET_RETURN_IF_ERROR(CheckRange("retry_wait", retry_wait.count(), 0, kTenMinutes));
  GUICHET_RETURN_IF_ERROR(CheckRange("max_retry_wait", max_retry_wait.count(), 0, kTenMinutes));
  GUICHET_RETURN_IF_ERROR(CheckRange("min_bytes_per_second", min_bytes_per_second, 1, 1'000'000));
  GUICHET_RETURN_IF_ERROR(CheckRange("stall_time", stall_time.count(), 1, 3'600));
  GUICHET_RETURN_IF_ERROR(CheckRange("connect_timeout", connect_timeout.count(), 1, kTenMinutes));
  return CheckRange("lock_wait", lock_wait.count(), 0, 86'400);
}

absl::StatusOr<HubOptions> HubOptionsFromEnvironment(const Environment& environment) {
  HubOptions options;
  GUICHET_ASSIGN_OR_RETURN(options.endpoint, FindEndpoint(environment));
  const fs::path home = HubHome(environment);
  const auto cache = FirstOf(environment, {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"});
  options.cache = cache.empty() ? home / "hub" : WithHome(cache, environment);
  GUICHET_ASSIGN_OR_RETURN(options.token, FindToken(environment, home));
  options.offline = IsTrue(FirstOf(environment, {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}));
  options.ca_file = FirstOf(environment, {"SSL_CERT_FILE", "CURL_CA_BUNDLE"});
  return options;
}

absl::StatusOr<HubOptions> HubOptionsFromEnvironment() {
  return HubOptionsFromEnvironment(
      [](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace guichet
