#include "server/config/config_text_checks.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace guichet {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;  // PATH_MAX
constexpr int kMaxPort = 65535;

bool IsNumber(std::string_view text, int max) {
  if (text.empty() || text.size() > 5) return false;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return value <= max;
}

bool IsHost(std::string_view host) {
  if (host.empty()) return false;
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool alphanumeric = std::isalnum(static_cast<unsigned char>(c)) != 0;
    return alphanumeric || c == '.' || c == '-' || c == '_' ||
           (bracketed && (c == ':' || c == '%'));
  });
}

}  // namespace

absl::Status CheckPlainText(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        fmt::format("it is {} bytes long: at most {} will do", text.size(), kMaxTextBytes));
  }
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (control) return absl::InvalidArgumentError("it holds a control character");
  return absl::OkStatus();
}

absl::Status CheckAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && IsHost(text.substr(0, colon)) &&
      IsNumber(text.substr(colon + 1), kMaxPort)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is not HOST:PORT, as in 0.0.0.0:50051 or [::]:50051", text));
}

absl::Status CheckDevice(std::string_view text) {
  constexpr std::string_view kNumbered = "cuda:";
  const bool numbered = text.starts_with(kNumbered) && IsNumber(text.substr(kNumbered.size()), 127);
  if (text == "auto" || text == "cpu" || text == "cuda" || numbered) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("'{}' is not auto, cpu, cuda or cuda:N", text));
}

absl::Status CheckChoice(std::string_view text, std::span<const std::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is not one of {}", text, JoinChoices(choices)));
}

std::string JoinChoices(std::span<const std::string_view> choices) {
  return fmt::format("{}", fmt::join(choices, ", "));
}

}  // namespace guichet
