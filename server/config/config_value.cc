#include "server/config/config_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <system_error>

#include <fmt/format.h>

namespace guichet {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};

constexpr std::array<Unit, 5> kDurationUnits = {
    {{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}}};
constexpr std::array<Unit, 4> kByteUnits = {{{"", 1},
                                             {"KiB", std::int64_t{1} << 10},
                                             {"MiB", std::int64_t{1} << 20},
                                             {"GiB", std::int64_t{1} << 30}}};

// A number without sign and its unit, in the smallest unit; nothing when it is neither or too big.
absl::StatusOr<std::int64_t> ParseQuantity(std::string_view text, std::span<const Unit> units,
                                           std::string_view wanted) {
  std::int64_t number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  const auto* const unit = std::find_if(units.data(), units.data() + units.size(),
                                        [&](const Unit& u) { return u.name == name; });
  const bool known = unit != units.data() + units.size();
  if (error == std::errc() && number == 0 && name.empty()) return 0;
  if (error != std::errc() || !known || number < 0 ||
      number > std::numeric_limits<std::int64_t>::max() / unit->size) {
    return absl::InvalidArgumentError(fmt::format("'{}' is not {}", text, wanted));
  }
  return number * unit->size;
}

std::string FormatQuantity(std::int64_t value, std::span<const Unit> units) {
  if (value == 0) return "0";
  std::size_t best = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (value % units[i].size == 0) best = i;
  }
  return fmt::format("{}{}", value / units[best].size, units[best].name);
}

}  // namespace

absl::StatusOr<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return absl::InvalidArgumentError(fmt::format("'{}' is not true or false", text));
}

absl::StatusOr<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || rest != end) {
    return absl::InvalidArgumentError(fmt::format("'{}' is not a whole number", text));
  }
  return number;
}

absl::StatusOr<std::chrono::microseconds> ParseDuration(std::string_view text) {
  const absl::StatusOr<std::int64_t> quantity = ParseQuantity(
      text, kDurationUnits, "a duration: write a whole number and us, ms, s, m or h, as in 250ms");
  if (!quantity.ok()) return quantity.status();
  return std::chrono::microseconds(*quantity);
}

std::string FormatDuration(std::chrono::microseconds duration) {
  return FormatQuantity(duration.count(), kDurationUnits);
}

absl::StatusOr<std::size_t> ParseBytes(std::string_view text) {
  const absl::StatusOr<std::int64_t> quantity = ParseQuantity(
      text, kByteUnits,
      "a number of bytes: write a whole number, alone or with KiB, MiB or GiB, as in 4MiB");
  if (!quantity.ok()) return quantity.status();
  return static_cast<std::size_t>(*quantity);
}

std::string FormatBytes(std::size_t bytes) {
  return FormatQuantity(static_cast<std::int64_t>(bytes), kByteUnits);
}

}  // namespace guichet
