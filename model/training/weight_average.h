#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace guichet {

// An exponential moving average of the trained parameters. The decay grows with the updates,
// min(decay, (1 + t) / (10 + t)), so that the start is forgotten. Not thread-safe.
class WeightAverage {
 public:
  WeightAverage(std::vector<at::Tensor> parameters, double decay);

  // Takes in the parameters after an update. They must not be swapped.
  void Update();
  // The decay of the last Update.
  double last_decay() const { return last_decay_; }

  // The averages, live, and how far they are: what an exact resume needs.
  const std::vector<at::Tensor>& averages() const { return averages_; }
  long updates() const { return updates_; }
  void set_updates(long updates) { updates_ = updates; }

  // Exchanges the parameters' values with the average's, in place; twice gives them back.
  void Swap();

 private:
  const std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> averages_;
  const double decay_;
  double last_decay_ = 0.0;
  long updates_ = 0;
};

}  // namespace guichet
