#pragma once

#include <google/protobuf/message.h>

#include "client/cli/json_lines.h"

namespace guichet {

// A message as one JSON object: fields by their proto names and in their order, enums by name,
// 64-bit integers as numbers, timestamps in RFC 3339, a google.rpc.Status as {"code","message"}.
// What is not set is left out, but for booleans. A string field x_json that holds JSON becomes x,
// the value itself, and is left out where that is null.
OrderedJson ToJson(const google::protobuf::Message& message);

}  // namespace guichet
