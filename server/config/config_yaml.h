#pragma once

#include <string>
#include <string_view>

#include "server/config/config_assignment.h"

namespace guichet {

// Reads a YAML file of sections with keys with plain values, once each. `name` is what messages
// call it. Never throws; unknown and repeated keys, values that are not plain, several documents
// and broken YAML are errors with the line. Values are not interpreted here.
ConfigSource ParseConfigYaml(std::string_view text, const std::string& name);

}  // namespace guichet
