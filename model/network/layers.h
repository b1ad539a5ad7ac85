#pragma once

#include <optional>
#include <string>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "model/network/parameters.h"

namespace guichet {

// How one forward pass runs. While training, dropout draws from `generator`; without one nothing is
// dropped.
struct ForwardMode {
  std::optional<at::Generator> generator;

  // The mode of the layer that owns `parameter`: a frozen layer runs as in evaluation.
  ForwardMode For(const at::Tensor& parameter) const {
    return parameter.requires_grad() ? *this : ForwardMode{};
  }
};

// Sets elements to zero with the given probability and scales the others by 1/(1-p).
at::Tensor Dropout(const at::Tensor& input, double probability, const ForwardMode& mode);

// y = x Wᵀ + b; weight [out, in].
struct Linear {
  at::Tensor weight;
  at::Tensor bias;

  Linear(ParameterFactory& factory, const std::string& name, int inputs, int outputs);
  at::Tensor Forward(const at::Tensor& input) const;
};

// Layer normalisation over the last dimension, eps 1e-5.
struct LayerNorm {
  at::Tensor weight;
  at::Tensor bias;

  LayerNorm(ParameterFactory& factory, const std::string& name, int size);
  at::Tensor Forward(const at::Tensor& input) const;
};

// fc2(dropout(GELU(fc1(x)))), GELU exact: the feed-forward block of both stacks.
struct FeedForward {
  Linear fc1;
  Linear fc2;
  double activation_dropout;

  FeedForward(ParameterFactory& factory, const std::string& prefix, int size, int inner,
              double activation_dropout);
  at::Tensor Forward(const at::Tensor& input, const ForwardMode& mode) const;
};

}  // namespace guichet
