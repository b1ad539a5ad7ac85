#include "server/config/server_arguments.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace guichet {
namespace {

constexpr std::array<std::string_view, 5> kActions = {"--check-config", "--print-default-config",
                                                      "--help", "-h", "--version"};

// A flag taken apart.
struct Flag {
  std::string name;  // with its dashes
  std::optional<std::string> value;
};

Flag SplitFlag(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos) return {.name = argument, .value = std::nullopt};
  return {.name = argument.substr(0, equals), .value = argument.substr(equals + 1)};
}

void AssignFlag(Flag flag, ConfigSource& source) {
  const std::string path = flag.name.substr(2);
  const std::size_t dot = path.find('.');
  const ConfigField* const field = FindConfigField(path.substr(0, dot), path.substr(dot + 1));
  if (field == nullptr) return source.errors.AddUnknownKey(flag.name, path);
  if (!flag.value) return source.errors.Add(flag.name, "a value must follow");
  for (const ConfigAssignment& earlier : source.assignments) {
    if (earlier.field == field) return source.errors.Add(flag.name, "it is given twice");
  }
  source.assignments.push_back(
      {.where = flag.name, .field = field, .value = std::move(*flag.value)});
}

// GUICHET_SERVER_SERVICE_HOST, GUICHET_SERVER_PORT, GUICHET_SERVER_PORT_50051_TCP_ADDR, …
bool IsKubernetesVariable(std::string_view rest) {
  return rest == "PORT" || rest.starts_with("PORT_") || rest == "SERVICE_HOST" ||
         rest == "SERVICE_PORT" || rest.starts_with("SERVICE_PORT_");
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

// Reports a variable that looks like a key of ours and is none.
void CheckUnknown(const std::string& variable, ConfigErrors& errors) {
  for (const ConfigSection& section : ConfigSections()) {
    const std::string prefix = "GUICHET_" + Upper(section.name) + "_";
    if (!variable.starts_with(prefix)) continue;
    std::string key = variable.substr(prefix.size());
    if (IsKubernetesVariable(key)) return;
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    errors.AddUnknownKey(variable, std::string(section.name) + "." + key);
  }
}

}  // namespace

ServerArguments ParseServerArguments(const std::vector<std::string>& arguments) {
  ServerArguments parsed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Flag flag = SplitFlag(arguments[i]);
    const bool is_action =
        std::find(kActions.begin(), kActions.end(), flag.name) != kActions.end() && !flag.value;
    if (is_action) {
      parsed.actions.push_back(flag.name);
      continue;
    }
    const bool is_config = flag.name == "--config";
    const bool is_key = flag.name.starts_with("--") && flag.name.find('.') != std::string::npos;
    if (!is_config && !is_key) {
      parsed.source.errors.Add(arguments[i], "unknown argument; --help shows what there is");
      continue;
    }
    const bool value_follows = i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
    if (!flag.value && value_follows) flag.value = arguments[++i];
    if (!is_config) {
      AssignFlag(std::move(flag), parsed.source);
    } else if (!flag.value || flag.value->empty()) {
      parsed.source.errors.Add("--config", "a file must follow");
    } else if (parsed.config_file) {
      parsed.source.errors.Add("--config", "it is given twice");
    } else {
      parsed.config_file = std::move(flag.value);
    }
  }
  return parsed;
}

ConfigSource ParseConfigEnvironment(const std::map<std::string, std::string>& environment) {
  std::map<std::string, const ConfigField*> known;
  for (const ConfigField& field : ConfigFields()) known[field.environment_variable()] = &field;
  ConfigSource source;
  for (const auto& [variable, value] : environment) {
    const auto found = known.find(variable);
    if (found == known.end()) {
      CheckUnknown(variable, source.errors);
    } else {
      source.assignments.push_back({.where = variable, .field = found->second, .value = value});
    }
  }
  return source;
}

}  // namespace guichet
