#include "server/config/load_server_config.h"

#include <cstddef>

#include <unistd.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "server/config/config_assignment.h"
#include "server/config/config_errors.h"
#include "server/config/config_yaml.h"
#include "server/config/server_arguments.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

void Apply(const ConfigSource& source, ServerConfig& config, ConfigErrors& errors) {
  errors.Append(source.errors);
  for (const ConfigAssignment& assignment : source.assignments) {
    const absl::Status status = assignment.field->set(config, assignment.value);
    if (status.ok()) continue;
    const std::string path = assignment.field->path();
    // A flag says its key itself.
    const bool is_flag = assignment.where == "--" + path;
    errors.Add(assignment.where, is_flag ? std::string(status.message())
                                         : path + ": " + std::string(status.message()));
  }
}

// The YAML file to read, or "" for none.
std::string ConfigFile(const ServerArguments& arguments,
                       const std::map<std::string, std::string>& environment) {
  if (arguments.config_file) return *arguments.config_file;
  const auto found = environment.find("GUICHET_CONFIG");
  return found == environment.end() ? "" : found->second;
}

}  // namespace

ServerAction ServerActionOf(const std::vector<std::string>& arguments) {
  ServerAction action = ServerAction::kRun;
  for (const std::string& flag : ParseServerArguments(arguments).actions) {
    if (flag == "--help" || flag == "-h") return ServerAction::kShowHelp;
    if (flag == "--version") return ServerAction::kShowVersion;
    action =
        flag == "--check-config" ? ServerAction::kCheckConfig : ServerAction::kPrintDefaultConfig;
  }
  return action;
}

absl::StatusOr<ServerConfig> LoadServerConfig(
    const std::vector<std::string>& arguments,
    const std::map<std::string, std::string>& environment) {
  ServerConfig config;
  ConfigErrors errors;
  const ServerArguments parsed = ParseServerArguments(arguments);
  const std::string file = ConfigFile(parsed, environment);
  if (!file.empty()) {
    GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxFileBytes));
    Apply(ParseConfigYaml(text, file), config, errors);
  }
  Apply(ParseConfigEnvironment(environment), config, errors);
  Apply(parsed.source, config, errors);
  // What the sources said is within range; what is left are contradictions.
  errors.Append(CheckConfig(config));
  GUICHET_RETURN_IF_ERROR(errors.ToStatus());
  return config;
}

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> ours;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    const std::size_t equals = variable.find('=');
    if (variable.starts_with("GUICHET_") && equals != std::string_view::npos) {
      ours.emplace(variable.substr(0, equals), variable.substr(equals + 1));
    }
  }
  return ours;
}

}  // namespace guichet
