#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace guichet {

// What a language model's states become logits with.
struct LanguageHead {
  at::Tensor words;  // [vocabulary, d]
  at::Tensor bias;   // [vocabulary]
};

struct TokenLossOptions {
  // Logits that exist at a time: few enough to stay near the processor, enough for full products.
  // At least one row is computed.
  std::int64_t logits_at_a_time = std::int64_t{1} << 21;
  bool gradients = true;
  // Computes the products in bf16; the softmax and all sums stay fp32.
  bool bf16 = false;
};

struct TokenLoss {
  double sum = 0;              // of −log p(label) over all positions, nats
  at::Tensor state_gradients;  // of the sum by the states, [N, d]; undefined without gradients
  at::Tensor word_gradients;   // of the sum by the words, [vocabulary, d]; likewise
};

// Cross entropy of softmax(states · wordsᵀ + bias) against labels [N] int64, some rows at a time:
// the [N, vocabulary] logits of a batch, and their gradients, never exist together. Their gradient
// is softmax − one-hot, so the backward pass of the head is done here on the spot; the caller hands
// state_gradients to autograd and adds word_gradients to those of the words. No graph is recorded.
TokenLoss TokenCrossEntropy(const at::Tensor& states, const at::Tensor& labels,
                            const LanguageHead& head, const TokenLossOptions& options);

}  // namespace guichet
