// The loss that is computed some rows at a time against torch's own over all of them.

#include "model/training/token_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

class TokenLossTest : public ::testing::Test {
 protected:
  static at::Tensor Largest(const at::Tensor& difference) { return difference.abs().max(); }

  const at::Tensor states_ = at::randn({37, 24});
  const at::Tensor words_ = at::randn({91, 24}) * 0.3;
  const at::Tensor bias_ = at::randn({91});
  const at::Tensor labels_ = at::randint(91, {37}, at::kLong);
};

TEST_F(TokenLossTest, SumAndGradientsAreThoseOfThePlainLoss) {
  states_.set_requires_grad(true);
  words_.set_requires_grad(true);
  const at::Tensor plain =
      at::cross_entropy_loss(at::linear(states_, words_, bias_), labels_, {}, at::Reduction::Sum);
  plain.backward();
  // One row at a time, a part of the rows that does not divide them, all at once.
  for (const std::int64_t at_a_time : {1, 91 * 5, 91 * 36, 1 << 20}) {
    const TokenLoss loss =
        TokenCrossEntropy(states_, labels_, {words_, bias_}, {.logits_at_a_time = at_a_time});
    EXPECT_NEAR(loss.sum, plain.item<double>(), 1e-3) << at_a_time;
    EXPECT_LT(Largest(loss.state_gradients - states_.grad()).item<float>(), 1e-5F) << at_a_time;
    EXPECT_LT(Largest(loss.word_gradients - words_.grad()).item<float>(), 1e-5F) << at_a_time;
    EXPECT_FALSE(loss.state_gradients.requires_grad());
  }
}

TEST_F(TokenLossTest, GradientsAreThoseOfFiniteDifferences) {
  const at::Tensor words = words_.clone();
  const LanguageHead head{words, bias_};
  const TokenLoss loss = TokenCrossEntropy(states_, labels_, head, {.logits_at_a_time = 91 * 8});
  constexpr float kStep = 1e-2F;
  for (const auto& [row, column] : {std::pair{0, 3}, std::pair{45, 11}, std::pair{90, 23}}) {
    at::Tensor entry = words[row][column];
    entry += kStep;
    const double above = TokenCrossEntropy(states_, labels_, head, {.gradients = false}).sum;
    entry -= 2 * kStep;
    const double below = TokenCrossEntropy(states_, labels_, head, {.gradients = false}).sum;
    entry += kStep;
    EXPECT_NEAR((above - below) / (2 * kStep), loss.word_gradients[row][column].item<double>(),
                2e-2);
  }
}

TEST_F(TokenLossTest, WithoutGradientsTheSumIsTheSame) {
  const TokenLoss loss = TokenCrossEntropy(states_, labels_, {words_, bias_}, {});
  const TokenLoss alone =
      TokenCrossEntropy(states_, labels_, {words_, bias_}, {.gradients = false});
  EXPECT_EQ(alone.sum, loss.sum);
  EXPECT_FALSE(alone.state_gradients.defined());
  EXPECT_FALSE(alone.word_gradients.defined());
}

TEST_F(TokenLossTest, Bf16IsNear) {
  const TokenLoss exact = TokenCrossEntropy(states_, labels_, {words_, bias_}, {});
  const TokenLoss near = TokenCrossEntropy(states_, labels_, {words_, bias_}, {.bf16 = true});
  EXPECT_NE(near.sum, exact.sum);
  EXPECT_NEAR(near.sum / exact.sum, 1.0, 0.01);
  const auto distance = [](const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).norm() / b.norm()).item<float>();
  };
  EXPECT_LT(distance(near.state_gradients, exact.state_gradients), 0.03F);
  EXPECT_LT(distance(near.word_gradients, exact.word_gradients), 0.03F);
}

}  // namespace
}  // namespace guichet
