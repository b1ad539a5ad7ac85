#include "model/training/token_loss.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

namespace guichet {

TokenLoss TokenCrossEntropy(const at::Tensor& given, const at::Tensor& labels,
                            const LanguageHead& head, const TokenLossOptions& options) {
  const c10::NoGradGuard no_gradients;
  const at::ScalarType type = options.bf16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor states = given.detach().to(type);
  const at::Tensor words = head.words.detach().to(type);
  const at::Tensor bias = head.bias.detach().to(type);
  const std::int64_t count = states.size(0);
  TokenLoss loss;
  if (options.gradients) {
    loss.state_gradients = at::empty(states.sizes(), given.options().dtype(at::kFloat));
    loss.word_gradients = at::zeros(words.sizes(), given.options().dtype(at::kFloat));
  }
  const std::int64_t most = std::max<std::int64_t>(1, options.logits_at_a_time / words.size(0));
  for (std::int64_t begin = 0; begin < count; begin += most) {
    const std::int64_t rows = std::min(most, count - begin);
    const at::Tensor some = states.narrow(0, begin, rows);
    const at::Tensor truth = labels.narrow(0, begin, rows).unsqueeze(1);
    at::Tensor scores = at::log_softmax(at::linear(some, words, bias), -1, at::kFloat);
    loss.sum -= scores.gather(1, truth).sum(at::kDouble).item<double>();
    if (!options.gradients) continue;
    scores.exp_().scatter_add_(1, truth, at::full_like(truth, -1, scores.options()));
    const at::Tensor gradients = scores.to(type);
    loss.state_gradients.narrow(0, begin, rows).copy_(gradients.matmul(words));
    if (options.bf16) {
      loss.word_gradients.add_(gradients.t().matmul(some));
    } else {
      loss.word_gradients.addmm_(gradients.t(), some);
    }
  }
  return loss;
}

}  // namespace guichet
