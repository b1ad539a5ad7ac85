#include "model/training/parameter_groups.h"

#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "model/training/parameter_role.h"

namespace guichet {

std::vector<ParameterGroup> GroupParameters(std::span<const NamedParameter> parameters,
                                            const BartConfig& config, const TrainingPlan& plan) {
  std::map<std::tuple<bool, int, bool>, ParameterGroup> groups;
  for (const NamedParameter& parameter : parameters) {
    const ParameterRole role = RoleOf(parameter.name, config, plan);
    parameter.tensor.set_requires_grad(role.trained);
    if (!role.trained) continue;
    const int depth = plan.layer_decay < 1.0 ? role.depth : 0;
    ParameterGroup& group = groups[{role.head, depth, !role.decays}];
    group.weight_decay = role.decays ? plan.weight_decay : 0.0;
    group.learning_rate_factor =
        std::pow(plan.layer_decay, depth) * (role.head ? plan.head_learning_rate_multiplier : 1.0);
    group.parameters.push_back(parameter.tensor);
  }
  std::vector<ParameterGroup> sorted;
  for (auto& [key, group] : groups) sorted.push_back(std::move(group));
  return sorted;
}

std::vector<at::Tensor> AllOf(const std::vector<ParameterGroup>& groups) {
  std::vector<at::Tensor> all;
  for (const ParameterGroup& group : groups) {
    all.insert(all.end(), group.parameters.begin(), group.parameters.end());
  }
  return all;
}

}  // namespace guichet
