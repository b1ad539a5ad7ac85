#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/cli/json_lines.h"

namespace guichet {

// {"id"?, "error":{"code","message"}}: the line of an input that failed.
OrderedJson ErrorLine(const std::string& id, const absl::Status& status);

}  // namespace guichet
