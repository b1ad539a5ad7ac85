#include "model/training/session_support.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

absl::Status Diverged(const char* what, double value, int step) {
  return absl::FailedPreconditionError(absl::StrCat(
      "training diverged: the ", what, " is ", value, " at update ", step,
      "; lower learning_rate, raise warmup_ratio or set clip_norm, and check the base weights"));
}

absl::Status RestoreTensor(const TensorMap& saved, const NamedState& entry) {
  const auto found = saved.find(entry.name);
  if (found == saved.end() || c10::IntArrayRef(found->second.shape) != entry.tensor.sizes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the saved state has no tensor ", entry.name, " of this run's shape"));
  }
  GUICHET_ASSIGN_OR_RETURN(const std::vector<float> values, ReadFloats(found->second));
  const c10::NoGradGuard no_gradients;
  const at::Tensor read = at::empty(entry.tensor.sizes(), at::kFloat);
  std::copy(values.begin(), values.end(), read.mutable_data_ptr<float>());
  entry.tensor.copy_(read);
  return absl::OkStatus();
}

}  // namespace

BartConfig WithDropouts(BartConfig config, const TrainingPlan& plan) {
  config.dropout = plan.dropout.value_or(config.dropout);
  config.attention_dropout = plan.attention_dropout.value_or(config.attention_dropout);
  config.activation_dropout = plan.activation_dropout.value_or(config.activation_dropout);
  config.classifier_dropout = plan.classifier_dropout.value_or(config.classifier_dropout);
  return config;
}

bool UsesBf16(const TrainingPlan& plan, at::Device device) {
  return plan.precision == Precision::kBf16 ||
         (plan.precision == Precision::kAuto && device.is_cuda());
}

std::vector<float> ToNumbers(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::Device(at::kCPU)).contiguous();
  const float* data = values.const_data_ptr<float>();
  return {data, data + values.numel()};
}

std::shared_ptr<OwnedTensors> CopyState(const std::vector<NamedState>& state) {
  auto tensors = std::make_shared<OwnedTensors>();
  for (const NamedState& entry : state) {
    const c10::IntArrayRef sizes = entry.tensor.sizes();
    tensors->Add(entry.name, {sizes.begin(), sizes.end()}, ToNumbers(entry.tensor));
  }
  return tensors;
}

absl::Status RestoreState(const TensorMap& saved, const std::vector<NamedState>& own) {
  if (saved.size() != own.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the saved state holds ", saved.size(),
                                                   " tensors and this run has ", own.size()));
  }
  for (const NamedState& entry : own) GUICHET_RETURN_IF_ERROR(RestoreTensor(saved, entry));
  return absl::OkStatus();
}

absl::Status FinishUpdate(const TrainingPlan& plan, int step, AdamW& optimizer,
                          StepResult& result) {
  if (!std::isfinite(result.loss)) return Diverged("loss", result.loss, step);
  result.gradient_norm = ClipGradients(optimizer.Gradients(), plan.clip_norm);
  if (!std::isfinite(result.gradient_norm)) {
    return Diverged("gradient", result.gradient_norm, step);
  }
  optimizer.Step(result.learning_rate);
  return absl::OkStatus();
}

absl::Status DeviceFailed(const std::exception& error) {
  const std::string text = error.what();
  return absl::InternalError(
      absl::StrCat("the training step failed: ", text.substr(0, text.find('\n'))));
}

}  // namespace guichet
