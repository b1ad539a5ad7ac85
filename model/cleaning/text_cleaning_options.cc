#include "model/cleaning/text_cleaning_options.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

std::string KnownRules() {
  std::vector<std::string_view> names;
  names.reserve(kTextCleaningRules.size());
  for (const TextCleaningRule& rule : kTextCleaningRules) names.push_back(rule.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

TextCleaningOptions TextCleaningOptions::All() {
  TextCleaningOptions options;
  for (const TextCleaningRule& rule : kTextCleaningRules) options.*rule.enabled = true;
  return options;
}

bool TextCleaningOptions::any() const {
  return std::ranges::any_of(kTextCleaningRules,
                             [this](const TextCleaningRule& rule) { return this->*rule.enabled; });
}

std::vector<std::string_view> TextCleaningOptions::Names() const {
  std::vector<std::string_view> names;
  for (const TextCleaningRule& rule : kTextCleaningRules) {
    if (this->*rule.enabled) names.push_back(rule.name);
  }
  return names;
}

absl::Status TextCleaningOptions::Validate() const {
  if (version == kTextCleaningVersion) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("version is {}; this program cleans texts by version {} only: use the program "
                  "that the model was made with, or train it again",
                  version, kTextCleaningVersion));
}

absl::StatusOr<TextCleaningOptions> MakeTextCleaning(const std::vector<std::string>& names) {
  TextCleaningOptions options;
  for (const std::string& name : names) {
    const auto rule = std::ranges::find(kTextCleaningRules, name, &TextCleaningRule::name);
    if (rule == kTextCleaningRules.end()) {
      return absl::InvalidArgumentError(fmt::format(
          "there is no cleaning rule '{}'; give all, none or some of {}", name, KnownRules()));
    }
    if (options.*rule->enabled) {
      return absl::InvalidArgumentError(
          fmt::format("the cleaning rule '{}' appears twice; name each once", name));
    }
    options.*rule->enabled = true;
  }
  return options;
}

absl::StatusOr<TextCleaningOptions> ParseTextCleaning(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t comma = text.find(',');
    std::string name(text.substr(0, comma));
    std::erase(name, ' ');
    names.push_back(std::move(name));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (names.size() == 1 && names[0] == "all") return TextCleaningOptions::All();
  if (names.size() == 1 && names[0] == "none") return TextCleaningOptions();
  return MakeTextCleaning(names);
}

std::string NameOf(const TextCleaningOptions& options) {
  if (options == TextCleaningOptions::All()) return "all";
  if (!options.any()) return "none";
  return fmt::format("{}", fmt::join(options.Names(), ","));
}

}  // namespace guichet
