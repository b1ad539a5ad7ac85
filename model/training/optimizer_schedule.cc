#include "model/training/optimizer_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace guichet {

double OptimizerSchedule::At(int step) const {
  if (step < warmup_steps) {
    return learning_rate * (static_cast<double>(step) / std::max(1, warmup_steps));
  }
  const int decay_steps = std::max(1, total_steps - warmup_steps);
  const double progress = static_cast<double>(step - warmup_steps) / decay_steps;
  switch (kind) {
    case LearningRateSchedule::kLinear: {
      const double left = static_cast<double>(total_steps - step) / decay_steps;
      return learning_rate * std::max(0.0, left);
    }
    case LearningRateSchedule::kCosine:
      return learning_rate * std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress)));
    case LearningRateSchedule::kPolynomial:
      if (step >= total_steps) return final_learning_rate;
      return (learning_rate - final_learning_rate) * std::pow(1.0 - progress, power) +
             final_learning_rate;
    case LearningRateSchedule::kConstant:
      return learning_rate;
  }
  return learning_rate;
}

OptimizerSchedule ScheduleOf(const TrainingPlan& plan, int total_steps) {
  return {.kind = plan.schedule,
          .learning_rate = plan.learning_rate,
          .warmup_steps = static_cast<int>(std::ceil(plan.warmup_ratio * total_steps)),
          .total_steps = total_steps,
          .final_learning_rate = plan.final_learning_rate,
          .power = plan.schedule_power};
}

}  // namespace guichet
