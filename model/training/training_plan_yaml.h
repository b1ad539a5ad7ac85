#pragma once

#include <vector>

#include "model/training/plan_yaml.h"
#include "model/training/training_plan.h"

namespace guichet {

// The fields of a TrainingPlan, in the order of a written plan. Other plans take those over that
// they share. Seen by the .cc files of plans alone.
const std::vector<PlanField<TrainingPlan>>& TrainingPlanFields();

}  // namespace guichet
