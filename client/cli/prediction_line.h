#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/json_lines.h"

namespace guichet {

// What a prediction's line shows, whoever made it.
struct PredictionFields {
  std::string id = {};                                // left out when empty
  std::vector<std::pair<std::string, float>> scores;  // falling, never empty
  std::optional<std::vector<float>> logits = {};      // in label order
  bool abstained = false;
  std::int64_t tokens = 0;
  bool truncated = false;
  std::optional<std::int64_t> version = {};  // of the server's model
};

// {"id"?,"label","score","scores":[…],"logits"?,"abstained","tokens","truncated","version"?}
OrderedJson PredictionLine(const PredictionFields& fields);

// {"id"?, "error":{"code","message"}}: the line of an input that failed.
OrderedJson ErrorLine(const std::string& id, const absl::Status& status);

}  // namespace guichet
