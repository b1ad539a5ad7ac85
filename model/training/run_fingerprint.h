#pragma once

#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/network/bart_config.h"
#include "model/training/training_data.h"
#include "model/training/training_plan.h"

namespace guichet {

// A hash of everything that decides what a run learns: plan, configuration, base weights (null:
// from scratch) and examples. INVALID_ARGUMENT: weights that are not floating-point.
absl::StatusOr<std::string> RunFingerprint(const TrainingPlan& plan, const BartConfig& config,
                                           const ModelWeights* base,
                                           std::initializer_list<const TrainingData*> examples);

}  // namespace guichet
