#pragma once

#include <nlohmann/json.hpp>

namespace guichet {

using OrderedJson = nlohmann::ordered_json;

// The double whose shortest decimal is that of the float, so that 0.1F prints as 0.1.
double ShortestDouble(float value);

// Writes one object as one line on stdout. Invalid UTF-8 cannot reach it: inputs are checked when
// read. False: stdout is closed (a broken pipe), and the command should end.
bool WriteJsonLine(const OrderedJson& object);

}  // namespace guichet
