#pragma once

#include <vector>

#include "model/network/classifier_network.h"
#include "model/training/adamw.h"
#include "model/training/training_plan.h"

namespace guichet {

// Marks which parameters learn and sorts those into groups of one decay and one rate.
std::vector<ParameterGroup> GroupParameters(const ClassifierNetwork& network,
                                            const TrainingPlan& plan);

// All parameters that learn, in the order of the groups.
std::vector<at::Tensor> AllOf(const std::vector<ParameterGroup>& groups);

}  // namespace guichet
