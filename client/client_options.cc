#include "client/client_options.h"

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

absl::Status CheckRange(std::string_view field, std::int64_t value, std::int64_t low,
                        std::int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; it must lie in [{}, {}]", field, value, low, high));
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

absl::Status ClientOptions::Validate() const {
  if (target.empty()) {
    return absl::InvalidArgumentError("target is empty; give the server as host:port");
  }
  constexpr std::int64_t kHourMs = 3'600'000;
  GUICHET_RETURN_IF_ERROR(CheckRange("timeout in ms", timeout.count(), 1, kHourMs));
  GUICHET_RETURN_IF_ERROR(
      CheckRange("keepalive_time in ms", keepalive_time.count(), 10'000, kHourMs));
  GUICHET_RETURN_IF_ERROR(
      CheckRange("keepalive_timeout in ms", keepalive_timeout.count(), 1'000, 300'000));
  GUICHET_RETURN_IF_ERROR(CheckRange("max_message_bytes", max_message_bytes, 1 << 10, 1 << 30));
  GUICHET_RETURN_IF_ERROR(retry.Validate());
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return absl::InvalidArgumentError(
        "tls.certificate_file and tls.key_file go together; one of them is missing");
  }
  if (!token_file.empty() && !tls.used() && !IsLocalTarget(target)) {
    return absl::InvalidArgumentError(fmt::format(
        "token_file needs TLS for {}: the token would travel in the clear. Name tls.ca_file, or "
        "enable TLS with the system's certificates",
        target));
  }
  return absl::OkStatus();
}

bool IsLocalTarget(const std::string& target) {
  std::string_view host = target;
  if (host.find(',') != host.npos) return false;  // a list of addresses
  if (StartsWith(host, "unix:") || StartsWith(host, "unix-abstract:")) return true;
  for (const std::string_view scheme : {"dns:", "ipv4:", "ipv6:"}) {
    if (StartsWith(host, scheme)) host.remove_prefix(scheme.size());
  }
  while (StartsWith(host, "/")) host.remove_prefix(1);
  if (StartsWith(host, "[::1]")) return true;
  const std::string_view name = host.substr(0, host.rfind(':'));
  if (name == "localhost") return true;
  // Numbers and dots only: "127.evil.example" is somebody else.
  return StartsWith(name, "127.") && name.find_first_not_of("0123456789.") == name.npos;
}

}  // namespace guichet
