#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/checkpoint/parameter_names.h"

namespace guichet {

// Makes a classification head of labels `own` one of labels `wanted`: what it knows of a label that
// stays is kept, the row of a new one starts at 0. When no label stays, or there is no head, the
// head is dropped, so that a new one is made from the seed. INVALID_ARGUMENT: a head that is not
// floating-point.
absl::Status CarryHead(const std::vector<std::string>& own, const std::vector<std::string>& wanted,
                       ModelWeights& weights);

}  // namespace guichet
