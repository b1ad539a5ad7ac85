#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status_macros.h"
#include "server/config/config_field_types.h"
#include "server/config/config_text_checks.h"

// How a row of the table of keys is written.

namespace guichet::config_internal {

inline constexpr std::chrono::milliseconds kHour{3'600'000};
inline constexpr std::chrono::milliseconds kDay = 24 * kHour;
inline constexpr std::size_t kMiB = std::size_t{1} << 20;

template <typename Section, typename T>
ConfigField Value(const Place& place, Section ServerConfig::* section, T Section::* member,
                  Range<T> range) {
  return Ranged<Codec<T>>(place, section, member, range);
}

template <typename Section>
ConfigField Size(const Place& place, Section ServerConfig::* section, std::size_t Section::* member,
                 Range<std::size_t> range) {
  return Ranged<Bytes>(place, section, member, range);
}

template <typename Section>
ConfigField Switch(const Place& place, Section ServerConfig::* section, bool Section::* member) {
  return MakeField<Codec<bool>>(place, section, member, "true or false",
                                [](bool) { return absl::OkStatus(); });
}

using TextCheck = absl::Status (*)(std::string_view);

// A text for which `check` holds; with `may_be_empty`, also the empty one.
template <typename Section>
ConfigField Text(const Place& place, Section ServerConfig::* section, std::string Section::* member,
                 std::string_view range, TextCheck check = CheckPlainText,
                 bool may_be_empty = true) {
  return MakeField<Codec<std::string>>(
      place, section, member, std::string(range), [=](const std::string& value) {
        GUICHET_RETURN_IF_ERROR(CheckPlainText(value));
        return may_be_empty && value.empty() ? absl::OkStatus() : check(value);
      });
}

template <typename Section>
ConfigField Choice(const Place& place, Section ServerConfig::* section,
                   std::string Section::* member, std::span<const std::string_view> choices) {
  return MakeField<Codec<std::string>>(
      place, section, member, "one of " + JoinChoices(choices),
      [choices](const std::string& value) { return CheckChoice(value, choices); });
}

// The rows of what operators have beside classification: training, feedback, generation.
std::vector<ConfigField> OperationsFields();

}  // namespace guichet::config_internal
