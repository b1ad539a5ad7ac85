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
  int depth = 0;       // 0: the head and the top layer, 1: the layer below, …
};

// The role of the parameter of this full name. Word and position tables learn in mode full only; a
// stack's last LayerNorm belongs to its top layer. An encoder's layers lie below a decoder's, the
// tables below all.
ParameterRole RoleOf(std::string_view name, const BartConfig& config, const TrainingPlan& plan);

}  // namespace guichet
