#include "model/training/losses.h"

#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>

namespace guichet {

at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels,
                        const LossOptions& options) {
  const std::optional<at::Tensor> weights =
      options.class_weights.defined() ? std::optional(options.class_weights) : std::nullopt;
  return at::cross_entropy_loss(logits, labels, weights, at::Reduction::Mean,
                                /*ignore_index=*/-100, options.label_smoothing);
}

at::Tensor RDropLoss(const TwoPasses& logits, const at::Tensor& labels, const LossOptions& options,
                     double alpha) {
  const at::Tensor p = at::log_softmax(logits.first, -1);
  const at::Tensor q = at::log_softmax(logits.second, -1);
  // KL(p‖q) + KL(q‖p) = Σ (p − q)(log p − log q)
  const at::Tensor divergence = ((p.exp() - q.exp()) * (p - q)).sum(-1).mean();
  const at::Tensor fit =
      CrossEntropy(logits.first, labels, options) + CrossEntropy(logits.second, labels, options);
  return 0.5 * fit + (0.5 * alpha) * divergence;
}

}  // namespace guichet
