#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace guichet {

// Parameters that share their weight decay and their share of the learning rate.
struct ParameterGroup {
  std::vector<at::Tensor> parameters;
  double weight_decay = 0.0;
  double learning_rate_factor = 1.0;
};

// A tensor that an exact resume needs, by a name that is its own within the run.
struct NamedState {
  std::string name;
  at::Tensor tensor;
};

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// Adam with decoupled weight decay and bias correction (Loshchilov & Hutter 2019), as
// torch.optim.AdamW. Parameters without a gradient are left alone. Not thread-safe.
class AdamW {
 public:
  AdamW(std::vector<ParameterGroup> groups, const AdamWOptions& options);

  void Step(double learning_rate);
  void ClearGradients();

  // The parameters and what the optimizer remembers of each, live: writing to them restores it.
  std::vector<NamedState> State() const;

  // The gradients there are, in the order of the groups.
  std::vector<at::Tensor> Gradients() const;

 private:
  struct Moments {
    at::Tensor average;         // of the gradients
    at::Tensor average_square;  // of their squares
    at::Tensor steps;           // a float, on the parameter's device
  };

  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<Moments>> moments_;
  const AdamWOptions options_;
};

// The Euclidean norm of all gradients together; when it is above `longest` (0: any), they are
// scaled down to it as torch.nn.utils.clip_grad_norm_ does.
double ClipGradients(const std::vector<at::Tensor>& gradients, double longest);

}  // namespace guichet
