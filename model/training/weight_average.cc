#include "model/training/weight_average.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/_foreach_lerp.h>
#include <c10/core/GradMode.h>

namespace guichet {

WeightAverage::WeightAverage(std::vector<at::Tensor> parameters, double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
  for (const at::Tensor& parameter : parameters_) {
    averages_.push_back(parameter.detach().clone());
  }
}

void WeightAverage::Update() {
  const c10::NoGradGuard no_gradients;
  const auto t = static_cast<double>(updates_++);
  last_decay_ = std::min(decay_, (1.0 + t) / (10.0 + t));
  at::_foreach_lerp_(averages_, parameters_, 1.0 - last_decay_);
}

void WeightAverage::Swap() {
  const c10::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor values = parameters_[i].detach().clone();
    parameters_[i].copy_(averages_[i]);
    averages_[i].copy_(values);
  }
}

}  // namespace guichet
