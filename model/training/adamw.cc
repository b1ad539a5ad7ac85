#include "model/training/adamw.h"

#include <utility>

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "absl/strings/str_cat.h"

namespace guichet {

AdamW::AdamW(std::vector<ParameterGroup> groups, const AdamWOptions& options)
    : groups_(std::move(groups)), options_(options) {
  for (const ParameterGroup& group : groups_) {
    std::vector<Moments>& moments = moments_.emplace_back();
    for (const at::Tensor& parameter : group.parameters) {
      const at::Tensor values = parameter.detach();
      moments.push_back({.average = at::zeros_like(values),
                         .average_square = at::zeros_like(values),
                         .steps = at::zeros({}, values.options())});
    }
  }
}

void AdamW::Step(double learning_rate) {
  const c10::NoGradGuard no_gradients;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const ParameterGroup& group = groups_[g];
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> averages;
    std::vector<at::Tensor> squares;
    std::vector<at::Tensor> steps;
    for (std::size_t i = 0; i < group.parameters.size(); ++i) {
      const at::Tensor& parameter = group.parameters[i];
      if (!parameter.grad().defined()) continue;
      Moments& moments = moments_[g][i];
      parameters.push_back(parameter);
      gradients.push_back(parameter.grad());
      averages.push_back(moments.average);
      squares.push_back(moments.average_square);
      steps.push_back(moments.steps.add_(1.0));
    }
    if (parameters.empty()) continue;
    at::_fused_adamw_(parameters, gradients, averages, squares, /*max_exp_avg_sqs=*/{}, steps,
                      learning_rate * group.learning_rate_factor, options_.beta1, options_.beta2,
                      group.weight_decay, options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  }
}

void AdamW::ClearGradients() {
  for (const ParameterGroup& group : groups_) {
    for (const at::Tensor& parameter : group.parameters) parameter.mutable_grad().reset();
  }
}

std::vector<NamedState> AdamW::State() const {
  std::vector<NamedState> state;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::size_t i = 0; i < groups_[g].parameters.size(); ++i) {
      const std::string place = absl::StrCat(g, ".", i);
      const Moments& moments = moments_[g][i];
      state.push_back({"parameter." + place, groups_[g].parameters[i].detach()});
      state.push_back({"average." + place, moments.average});
      state.push_back({"average_square." + place, moments.average_square});
      state.push_back({"steps." + place, moments.steps});
    }
  }
  return state;
}

std::vector<at::Tensor> AdamW::Gradients() const {
  std::vector<at::Tensor> gradients;
  for (const ParameterGroup& group : groups_) {
    for (const at::Tensor& parameter : group.parameters) {
      if (parameter.grad().defined()) gradients.push_back(parameter.grad());
    }
  }
  return gradients;
}

double ClipGradients(const std::vector<at::Tensor>& gradients, double longest) {
  if (gradients.empty()) return 0.0;
  const c10::NoGradGuard no_gradients;
  const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  if (longest > 0.0 && norm > longest) {
    at::_foreach_mul_(gradients, longest / (norm + 1e-6));
  }
  return norm;
}

}  // namespace guichet
