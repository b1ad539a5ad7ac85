#pragma once

#include "model/training/training_plan.h"

namespace guichet {

// A learning rate over the updates of a run, with the formulas of Hugging Face's get_*_schedule
// functions. A pure value.
struct OptimizerSchedule {
  LearningRateSchedule kind = LearningRateSchedule::kLinear;
  double learning_rate = 5e-5;        // at the end of the warm-up
  int warmup_steps = 0;               // rising linearly from 0
  int total_steps = 1;                // updates of the whole run
  double final_learning_rate = 1e-7;  // polynomial only
  double power = 1.0;                 // polynomial only

  // The learning rate of update `step`, counted from 0; beyond total_steps as Hugging Face goes on.
  double At(int step) const;
};

// The schedule of a plan: ceil(warmup_ratio * total_steps) updates of warm-up.
OptimizerSchedule ScheduleOf(const TrainingPlan& plan, int total_steps);

}  // namespace guichet
