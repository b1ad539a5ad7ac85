#pragma once

#include <array>

#include "model/training/plan_fields.h"
#include "model/training/training_plan.h"

// The numbers of a TrainingPlan with their keys and ranges, for checking, reading and writing them
// alike. Private to training_plan*.cc.

namespace guichet::training_plan_fields {

using IntegerField = guichet::IntegerField<TrainingPlan>;
using NumberField = guichet::NumberField<TrainingPlan>;
using OptionalNumberField = guichet::OptionalNumberField<TrainingPlan>;

inline constexpr std::array kIntegers = {
    IntegerField{"epochs", "passes over the training texts", &TrainingPlan::epochs, 1, 1000},
    IntegerField{"batch_size", "texts of one forward pass", &TrainingPlan::batch_size, 1, 4096},
    IntegerField{"accumulate", "forward passes added up for one update", &TrainingPlan::accumulate,
                 1, 1024},
    IntegerField{"max_tokens", "longest text in tokens; longer ones are cut",
                 &TrainingPlan::max_tokens, 3, 131'072},
    IntegerField{"lora_rank", "rank of the adapters of mode lora", &TrainingPlan::lora_rank, 1,
                 1024},
    IntegerField{"patience", "epochs without a better macro-F1 before it stops; 0: never",
                 &TrainingPlan::patience, 0, 1000},
    IntegerField{"threads", "CPU threads; 0: one a core. Other numbers round sums differently",
                 &TrainingPlan::threads, 0, 1024},
};

inline constexpr std::array kNumbers = {
    NumberField{"learning_rate",
                "at the end of the warm-up",
                &TrainingPlan::learning_rate,
                {0, 1, Bounds::kOpenBelow}},
    NumberField{"head_learning_rate_multiplier",
                "the classification head learns at learning_rate times this",
                &TrainingPlan::head_learning_rate_multiplier,
                {0, 1000, Bounds::kOpenBelow}},
    NumberField{"warmup_ratio",
                "share of all updates during which the learning rate rises from 0",
                &TrainingPlan::warmup_ratio,
                {0, 1, Bounds::kClosed}},
    NumberField{"final_learning_rate",
                "where the polynomial schedule ends",
                &TrainingPlan::final_learning_rate,
                {0, 1, Bounds::kClosed}},
    NumberField{"schedule_power",
                "exponent of the polynomial schedule",
                &TrainingPlan::schedule_power,
                {0, 10, Bounds::kOpenBelow}},
    NumberField{"weight_decay",
                "AdamW's; spares biases and LayerNorms",
                &TrainingPlan::weight_decay,
                {0, 1, Bounds::kClosed}},
    NumberField{"beta1", "AdamW's decay of the mean gradient", &TrainingPlan::beta1, kProbability},
    NumberField{"beta2", "AdamW's decay of the mean squared gradient", &TrainingPlan::beta2,
                kProbability},
    NumberField{"epsilon",
                "AdamW's, keeps a division by 0 away",
                &TrainingPlan::epsilon,
                {0, 1, Bounds::kOpenBelow}},
    NumberField{"clip_norm",
                "longest gradient over all parameters; 0: any",
                &TrainingPlan::clip_norm,
                {0, 1e9, Bounds::kClosed}},
    NumberField{"label_smoothing", "share of the truth spread over all labels",
                &TrainingPlan::label_smoothing, kProbability},
    NumberField{"r_drop",
                "weight of the divergence between two passes with different dropout; 0: one pass. "
                "Doubles the cost",
                &TrainingPlan::r_drop,
                {0, 100, Bounds::kClosed}},
    NumberField{"token_dropout", "probability that a token of a training text becomes <unk>",
                &TrainingPlan::token_dropout, kProbability},
    NumberField{"ema_decay",
                "a moving average of the weights with this decay is what is kept; 0: the weights "
                "themselves",
                &TrainingPlan::ema_decay, kProbability},
    NumberField{"lora_alpha",
                "the output of an adapter is multiplied by lora_alpha / lora_rank",
                &TrainingPlan::lora_alpha,
                {0, 10'000, Bounds::kOpenBelow}},
    NumberField{"layer_decay",
                "each layer learns at this times the rate of the one above it",
                &TrainingPlan::layer_decay,
                {0, 1, Bounds::kOpenBelow}},
    NumberField{"min_delta",
                "by how much the macro-F1 must grow to count as better",
                &TrainingPlan::min_delta,
                {0, 1, Bounds::kClosed}},
    NumberField{"promised_precision",
                "a label is answered only from the score on that shows this precision on the "
                "validation examples; 0: always",
                &TrainingPlan::promised_precision, kProbability},
};

inline constexpr std::array kDropouts = {
    OptionalNumberField{"dropout", "in place of the model's own; null: that",
                        &TrainingPlan::dropout},
    OptionalNumberField{"attention_dropout", "in place of the model's own; null: that",
                        &TrainingPlan::attention_dropout},
    OptionalNumberField{"activation_dropout", "in place of the model's own; null: that",
                        &TrainingPlan::activation_dropout},
    OptionalNumberField{"classifier_dropout", "in place of the model's own; null: that",
                        &TrainingPlan::classifier_dropout},
};

}  // namespace guichet::training_plan_fields
