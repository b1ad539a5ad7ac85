#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/config/config_assignment.h"

namespace guichet {

// The command line of guichet-server.
struct ServerArguments {
  std::optional<std::string> config_file;
  std::vector<std::string> actions;  // "--check-config" and its like, in order
  ConfigSource source;               // the --section.key flags
};

// `arguments` without the program's name. Mistakes are in `source.errors`.
ServerArguments ParseServerArguments(const std::vector<std::string>& arguments);

// The GUICHET_SECTION_KEY variables. One that names a section but no key of it is an error; the
// variables that Kubernetes makes for a Service named guichet-<section> are not taken for ours.
ConfigSource ParseConfigEnvironment(const std::map<std::string, std::string>& environment);

}  // namespace guichet
