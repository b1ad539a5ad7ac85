#include "model/network/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>

namespace guichet {

at::Tensor Dropout(const at::Tensor& input, double probability, const ForwardMode& mode) {
  if (!mode.generator.has_value() || probability <= 0.0) return input;
  if (probability >= 1.0) return input * 0.0;
  const double keep = 1.0 - probability;
  const at::Tensor mask =
      at::empty_like(input.detach()).bernoulli_(keep, mode.generator).div_(keep);
  return input * mask;
}

Linear::Linear(ParameterFactory& factory, const std::string& name, int inputs, int outputs)
    : weight(factory.Make(name + ".weight", {outputs, inputs}, Initialisation::kNormal)),
      bias(factory.Make(name + ".bias", {outputs}, Initialisation::kZeros)) {}

at::Tensor Linear::Forward(const at::Tensor& input) const {
  return at::linear(input, weight, bias);
}

LayerNorm::LayerNorm(ParameterFactory& factory, const std::string& name, int size)
    : weight(factory.Make(name + ".weight", {size}, Initialisation::kOnes)),
      bias(factory.Make(name + ".bias", {size}, Initialisation::kZeros)) {}

at::Tensor LayerNorm::Forward(const at::Tensor& input) const {
  return at::layer_norm(input, weight.sizes(), weight, bias, 1e-5);
}

FeedForward::FeedForward(ParameterFactory& factory, const std::string& prefix, int size, int inner,
                         double dropout)
    : fc1(factory, prefix + "fc1", size, inner),
      fc2(factory, prefix + "fc2", inner, size),
      activation_dropout(dropout) {}

at::Tensor FeedForward::Forward(const at::Tensor& input, const ForwardMode& mode) const {
  return fc2.Forward(Dropout(at::gelu(fc1.Forward(input)), activation_dropout, mode));
}

}  // namespace guichet
