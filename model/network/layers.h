#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "base/random.h"
#include "model/network/parameters.h"

namespace guichet {

// Draws what dropout leaves out. On the CPU from our own random numbers, four elements a draw,
// which is much cheaper than torch's generator there; on other devices from a torch generator of
// its own. The same seed gives the same masks in the same order. Not thread-safe.
class DropoutSource {
 public:
  DropoutSource(at::Device device, std::uint64_t seed);

  // Of the shape of `like`: 0 with the given probability, in [0, 1), else 1 / (1 - probability).
  at::Tensor Mask(const at::Tensor& like, double probability);

  // Where the source stands, as bytes, and back. INVALID_ARGUMENT for a state of another device.
  std::string Save() const;
  absl::Status Restore(std::string_view state);

 private:
  Random random_;
  std::optional<at::Generator> generator_;
};

// How one forward pass runs: with a source of dropout while training, without one nothing is
// dropped.
struct ForwardMode {
  DropoutSource* dropout = nullptr;
  // Padding is left out of everything but attention; encoder_states are zero there.
  bool packed = false;
  // Low-rank adapters learn in layers whose own parameters are frozen.
  bool adapted = false;

  // The mode of the layer that owns `parameter`: a frozen layer in which nothing learns runs as in
  // evaluation.
  ForwardMode For(const at::Tensor& parameter) const {
    ForwardMode mode = *this;
    if (!adapted && !parameter.requires_grad()) mode.dropout = nullptr;
    return mode;
  }
};

// Sets elements to zero with the given probability and scales the others by 1/(1-p).
at::Tensor Dropout(const at::Tensor& input, double probability, const ForwardMode& mode);

// y = x Wᵀ + b; weight [out, in]. With a low-rank adapter (LoRA, Hu et al. 2021) of rank r,
// y += scale · (x Aᵀ) Bᵀ; A [r, in], B [out, r].
struct Linear {
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor lora_a;  // undefined without an adapter
  at::Tensor lora_b;
  double lora_scale = 0.0;

  Linear(ParameterFactory& factory, const std::string& name, int inputs, int outputs);
  // Gives it an adapter when the factory makes a network with adapters. B starts at zero, so that
  // the network does what it did before.
  void Adapt(ParameterFactory& factory, const std::string& name);
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
