#pragma once

#include <span>
#include <vector>

#include "model/network/bart_config.h"
#include "model/network/parameters.h"
#include "model/training/adamw.h"
#include "model/training/training_plan.h"

namespace guichet {

// Marks which parameters learn and sorts those into groups of one decay and one rate.
std::vector<ParameterGroup> GroupParameters(std::span<const NamedParameter> parameters,
                                            const BartConfig& config, const TrainingPlan& plan);

// All parameters that learn, in the order of the groups.
std::vector<at::Tensor> AllOf(const std::vector<ParameterGroup>& groups);

}  // namespace guichet
