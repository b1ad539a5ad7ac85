#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/server_config.h"

namespace guichet {

// What a start of guichet-server asks for.
enum class ServerAction { kRun, kCheckConfig, kPrintDefaultConfig, kShowHelp, kShowVersion };

// The arguments (without the program's name) choose the action by --check-config,
// --print-default-config, --help or --version. Never fails: unknown arguments are
// LoadServerConfig's to report.
ServerAction ServerActionOf(const std::vector<std::string>& arguments);

// The configuration of a start, validated. Later sources win: defaults, then the YAML file of
// `--config FILE` (or GUICHET_CONFIG), then `GUICHET_SECTION_KEY` of the environment, then
// `--section.key value` (or `=value`). INVALID_ARGUMENT lists every mistake of every source
// together, a line each, with file and line, variable or flag; NOT_FOUND: the file is absent.
absl::StatusOr<ServerConfig> LoadServerConfig(
    const std::vector<std::string>& arguments,
    const std::map<std::string, std::string>& environment);

// The GUICHET_ variables of this process, for LoadServerConfig.
std::map<std::string, std::string> ProcessEnvironment();

// A YAML file with every key, its meaning, range and default; it parses to ServerConfig{}.
std::string DefaultConfigYaml();

// The text of --help: usage and every key.
std::string ServerHelp();

}  // namespace guichet
