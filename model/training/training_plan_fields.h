#pragma once

#include <array>
#include <optional>

#include "model/training/training_plan.h"

// The numbers of a TrainingPlan with their keys and ranges, for checking, reading and writing them
// alike. Private to training_plan*.cc.

namespace guichet::training_plan_fields {

struct IntegerField {
  const char* key;
  int TrainingPlan::* member;
  int min;
  int max;
};
inline constexpr std::array kIntegers = {
    IntegerField{"epochs", &TrainingPlan::epochs, 1, 1000},
    IntegerField{"batch_size", &TrainingPlan::batch_size, 1, 4096},
    IntegerField{"accumulate", &TrainingPlan::accumulate, 1, 1024},
    IntegerField{"max_tokens", &TrainingPlan::max_tokens, 3, 131'072},
    IntegerField{"patience", &TrainingPlan::patience, 0, 1000},
    IntegerField{"threads", &TrainingPlan::threads, 0, 1024},
};

// Whether a bound itself is allowed.
enum class Bounds { kClosed, kOpenBelow, kOpenAbove };

struct Range {
  double min;
  double max;
  Bounds bounds;
};
inline constexpr Range kProbability{0.0, 1.0, Bounds::kOpenAbove};

struct NumberField {
  const char* key;
  double TrainingPlan::* member;
  Range range;
};
inline constexpr std::array kNumbers = {
    NumberField{"learning_rate", &TrainingPlan::learning_rate, {0, 1, Bounds::kOpenBelow}},
    NumberField{"head_learning_rate_multiplier",
                &TrainingPlan::head_learning_rate_multiplier,
                {0, 1000, Bounds::kOpenBelow}},
    NumberField{"warmup_ratio", &TrainingPlan::warmup_ratio, {0, 1, Bounds::kClosed}},
    NumberField{"final_learning_rate", &TrainingPlan::final_learning_rate, {0, 1, Bounds::kClosed}},
    NumberField{"schedule_power", &TrainingPlan::schedule_power, {0, 10, Bounds::kOpenBelow}},
    NumberField{"weight_decay", &TrainingPlan::weight_decay, {0, 1, Bounds::kClosed}},
    NumberField{"beta1", &TrainingPlan::beta1, kProbability},
    NumberField{"beta2", &TrainingPlan::beta2, kProbability},
    NumberField{"epsilon", &TrainingPlan::epsilon, {0, 1, Bounds::kOpenBelow}},
    NumberField{"clip_norm", &TrainingPlan::clip_norm, {0, 1e9, Bounds::kClosed}},
    NumberField{"label_smoothing", &TrainingPlan::label_smoothing, kProbability},
    NumberField{"r_drop", &TrainingPlan::r_drop, {0, 100, Bounds::kClosed}},
    NumberField{"token_dropout", &TrainingPlan::token_dropout, kProbability},
    NumberField{"ema_decay", &TrainingPlan::ema_decay, kProbability},
    NumberField{"min_delta", &TrainingPlan::min_delta, {0, 1, Bounds::kClosed}},
};

struct OptionalNumberField {
  const char* key;
  std::optional<double> TrainingPlan::* member;
};
inline constexpr std::array kDropouts = {
    OptionalNumberField{"dropout", &TrainingPlan::dropout},
    OptionalNumberField{"attention_dropout", &TrainingPlan::attention_dropout},
    OptionalNumberField{"activation_dropout", &TrainingPlan::activation_dropout},
    OptionalNumberField{"classifier_dropout", &TrainingPlan::classifier_dropout},
};

}  // namespace guichet::training_plan_fields
