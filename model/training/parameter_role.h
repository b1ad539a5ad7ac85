#pragma once

#include <string_view>

#include "model/network/bart_config.h"
#include "model/training/training_plan.h"

namespace guichet {

// What training does with one parameter.
struct ParameterRole {
  bool trained = true;
  bool decays = true;  // weight decay: not for biases and LayerNorms
  bool head = false;   // learns at the head's rate
};

// The role of the parameter of this full name. Word and position tables learn in mode full only; a
// stack's last LayerNorm learns with its top layer.
ParameterRole RoleOf(std::string_view name, const BartConfig& config, const TrainedPart& part);

}  // namespace guichet
