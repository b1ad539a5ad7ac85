#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status_macros.h"
#include "server/base/range.h"
#include "server/config/config_fields.h"
#include "server/config/config_value.h"

// How a ConfigField is made from a member of a section's struct. Seen by the table alone.

namespace guichet::config_internal {

// How a type is read and written. `kind` is what --help calls it.
template <typename T>
struct Codec;

template <>
struct Codec<bool> {
  static absl::StatusOr<bool> Parse(std::string_view text) { return ParseBool(text); }
  static std::string Format(bool value) { return value ? "true" : "false"; }
};

template <>
struct Codec<std::string> {
  static absl::StatusOr<std::string> Parse(std::string_view text) { return std::string(text); }
  static std::string Format(const std::string& value) { return value; }
};

template <typename T>
  requires std::is_integral_v<T>
struct Codec<T> {
  static absl::StatusOr<T> Parse(std::string_view text) {
    GUICHET_ASSIGN_OR_RETURN(const std::int64_t number, ParseInteger(text));
    if (!std::in_range<T>(number)) {
      return absl::InvalidArgumentError(fmt::format("'{}' is out of range", text));
    }
    return static_cast<T>(number);
  }
  static std::string Format(T value) { return fmt::format("{}", value); }
};

template <typename Rep, typename Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static absl::StatusOr<Duration> Parse(std::string_view text) {
    GUICHET_ASSIGN_OR_RETURN(const std::chrono::microseconds value, ParseDuration(text));
    const auto rounded = std::chrono::duration_cast<Duration>(value);
    if (rounded != value) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is finer than {} can be", text, FormatDuration(Duration(1))));
    }
    return rounded;
  }
  static std::string Format(Duration value) { return FormatDuration(value); }
};

// A size in bytes, written with its unit.
struct Bytes {
  static absl::StatusOr<std::size_t> Parse(std::string_view text) { return ParseBytes(text); }
  static std::string Format(std::size_t value) { return FormatBytes(value); }
};

// Where a key lives.
struct Place {
  std::string_view section;
  std::string_view key;
  std::string_view doc;
};

// A field of any kind: how its values are read and written, and a check of one.
template <typename AsCodec, typename Section, typename T, typename Check>
ConfigField MakeField(const Place& place, Section ServerConfig::* section, T Section::* member,
                      std::string range, const Check& check) {
  ConfigField field;
  field.section = place.section;
  field.key = place.key;
  field.doc = place.doc;
  field.range = std::move(range);
  field.is_text = std::is_same_v<T, std::string>;
  field.check = [=](const ServerConfig& config) { return check(config.*section.*member); };
  field.set = [=](ServerConfig& config, std::string_view text) {
    GUICHET_ASSIGN_OR_RETURN(const T value, AsCodec::Parse(text));
    GUICHET_RETURN_IF_ERROR(check(value));
    config.*section.*member = value;
    return absl::OkStatus();
  };
  field.get = [=](const ServerConfig& config) { return AsCodec::Format(config.*section.*member); };
  return field;
}

template <typename AsCodec, typename Section, typename T>
ConfigField Ranged(const Place& place, Section ServerConfig::* section, T Section::* member,
                   Range<T> range) {
  const std::string words =
      fmt::format("{} to {}", AsCodec::Format(range.min), AsCodec::Format(range.max));
  return MakeField<AsCodec>(place, section, member, words, [range, words](const T& value) {
    if (range.Contains(value)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        fmt::format("{} is out of range: it must be {}", AsCodec::Format(value), words));
  });
}

}  // namespace guichet::config_internal
