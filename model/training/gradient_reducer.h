#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/training/process_group.h"

namespace guichet {

// Makes the gradients of all processes their mean while the backward pass still runs: c10d's
// Reducer, the engine of DistributedDataParallel. Throws what c10d throws.
class GradientReducer {
 public:
  // `parameters` learn; `all_used`: each takes part in every forward pass.
  GradientReducer(ProcessGroup& peers, const std::vector<at::Tensor>& parameters, bool all_used);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  // Before the backward pass whose end is the mean; passes before it that are not announced add up.
  void Announce(const at::Tensor& loss);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace guichet
