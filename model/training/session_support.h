#pragma once

#include <exception>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "model/network/bart_config.h"
#include "model/network/owned_tensors.h"
#include "model/training/adamw.h"
#include "model/training/training_plan.h"
#include "model/training/training_session.h"

// What the sessions of classifiers and of language models share.

namespace guichet {

// The configuration with the dropouts that the plan sets in place of its own.
BartConfig WithDropouts(BartConfig config, const TrainingPlan& plan);
bool UsesBf16(const TrainingPlan& plan, at::Device device);

std::vector<float> ToNumbers(const at::Tensor& tensor);
// A copy of the state, and back. INVALID_ARGUMENT: `saved` is of another model or plan.
std::shared_ptr<OwnedTensors> CopyState(const std::vector<NamedState>& state);
absl::Status RestoreState(const TensorMap& saved, const std::vector<NamedState>& own);

// Clips the gradients there are and lets the optimizer make its step with result.learning_rate;
// sets result.gradient_norm. FAILED_PRECONDITION when loss or gradient is no longer a number.
absl::Status FinishUpdate(const TrainingPlan& plan, int step, AdamW& optimizer, StepResult& result);

// INTERNAL, of what torch threw.
absl::Status DeviceFailed(const std::exception& error);

}  // namespace guichet
