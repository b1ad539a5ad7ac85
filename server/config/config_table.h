#pragma once

#include <vector>

#include "server/config/config_fields.h"

namespace guichet {

// Every key of the configuration, section by section: the one place where keys are defined. Made
// anew at each call; use ConfigFields().
std::vector<ConfigField> ConfigTable();

}  // namespace guichet
