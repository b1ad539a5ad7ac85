#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace guichet {

// What a text value of the configuration may be. Each returns INVALID_ARGUMENT with the reason.

// Printable, on one line, of reasonable length.
absl::Status CheckPlainText(std::string_view text);
// HOST:PORT, with an IPv6 host in brackets.
absl::Status CheckAddress(std::string_view text);
// auto, cpu, cuda or cuda:N.
absl::Status CheckDevice(std::string_view text);
absl::Status CheckChoice(std::string_view text, std::span<const std::string_view> choices);

// "text, json"
std::string JoinChoices(std::span<const std::string_view> choices);

}  // namespace guichet
