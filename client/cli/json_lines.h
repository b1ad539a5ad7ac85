#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/status.h"

namespace guichet {

using OrderedJson = nlohmann::ordered_json;

// The double whose shortest decimal is that of the float, so that 0.1F prints as 0.1.
double ShortestDouble(float value);

// Writes one object as one line on stdout. Invalid UTF-8 cannot reach it: inputs are checked when
// read. An error: stdout cannot be written (a full disk). Ends the process when the reader of
// stdout has gone, and after an interrupt once the line is whole.
absl::Status WriteJsonLine(const OrderedJson& object);
// Hands what was written to the reader of stdout, which may wait for it; errors as above.
absl::Status FlushJsonLines();

}  // namespace guichet
