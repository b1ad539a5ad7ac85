#pragma once

#include <string>
#include <vector>

#include "server/config/config_errors.h"
#include "server/config/config_fields.h"

namespace guichet {

// A value that a source gives to a key.
struct ConfigAssignment {
  std::string where;  // "guichet.yaml:12", "GUICHET_LOG_LEVEL" or "--log.level"
  const ConfigField* field = nullptr;
  std::string value;
};

// What one source says.
struct ConfigSource {
  std::vector<ConfigAssignment> assignments;
  ConfigErrors errors;
};

}  // namespace guichet
