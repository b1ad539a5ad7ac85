#include "model/network/layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>

#include "absl/strings/str_cat.h"

namespace guichet {

DropoutSource::DropoutSource(at::Device device, std::uint64_t seed) : random_(seed) {
  if (device.is_cpu()) return;
  generator_ = at::globalContext().defaultGenerator(device).clone();
  generator_->set_current_seed(seed);
}

std::string DropoutSource::Save() const {
  if (!generator_.has_value()) {
    const Random::State& state = random_.state();
    return {reinterpret_cast<const char*>(state.data()), sizeof(state)};
  }
  const at::Tensor state = generator_->get_state().contiguous();
  return {static_cast<const char*>(state.const_data_ptr()),
          static_cast<std::size_t>(state.numel())};
}

absl::Status DropoutSource::Restore(std::string_view state) {
  const std::size_t size = Save().size();
  if (state.size() != size) {
    return absl::InvalidArgumentError(absl::StrCat("the state of dropout has ", state.size(),
                                                   " bytes and not ", size,
                                                   "; it is of another device"));
  }
  if (!generator_.has_value()) {
    Random::State words;
    std::memcpy(words.data(), state.data(), sizeof(words));
    random_ = Random(words);
    return absl::OkStatus();
  }
  const at::Tensor bytes = at::empty({static_cast<std::int64_t>(size)}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr(), state.data(), size);
  generator_->set_state(bytes);
  return absl::OkStatus();
}

at::Tensor DropoutSource::Mask(const at::Tensor& like, double probability) {
  at::Tensor mask = at::empty(like.sizes(), like.options().dtype(at::kFloat).requires_grad(false));
  if (generator_.has_value()) {
    const double keep = 1.0 - probability;
    return mask.bernoulli_(keep, generator_).div_(keep).to(like.scalar_type());
  }
  // Sixteen bits an element: probabilities in steps of 1/65536, and the scale of the step taken.
  const auto dropped =
      std::min(static_cast<std::uint32_t>(std::lround(probability * 65536.0)), 65535U);
  const float scale = 65536.0F / static_cast<float>(65536U - dropped);
  const std::span<float> out(mask.mutable_data_ptr<float>(),
                             static_cast<std::size_t>(mask.numel()));
  for (std::size_t i = 0; i < out.size(); i += 4) {
    std::uint64_t bits = random_.Next();
    const std::size_t end = std::min(i + 4, out.size());
    for (std::size_t j = i; j < end; ++j, bits >>= 16U) {
      out[j] = (bits & 0xFFFFU) < dropped ? 0.0F : scale;
    }
  }
  return mask.to(like.scalar_type());
}

at::Tensor Dropout(const at::Tensor& input, double probability, const ForwardMode& mode) {
  if (mode.dropout == nullptr || probability <= 0.0) return input;
  if (probability >= 1.0) return input * 0.0;
  return input * mode.dropout->Mask(input, probability);
}

Linear::Linear(ParameterFactory& factory, const std::string& name, int inputs, int outputs)
    : weight(factory.Make(name + ".weight", {outputs, inputs}, Initialisation::kNormal)),
      bias(factory.Make(name + ".bias", {outputs}, Initialisation::kZeros)) {}

void Linear::Adapt(ParameterFactory& factory, const std::string& name) {
  const LowRankOptions& options = factory.low_rank();
  if (options.rank == 0) return;
  lora_a = factory.Make(name + std::string(kLowRankDown), {options.rank, weight.size(1)},
                        Initialisation::kFanInUniform);
  lora_b = factory.Make(name + std::string(kLowRankUp), {weight.size(0), options.rank},
                        Initialisation::kZeros);
  lora_scale = options.Scale();
}

at::Tensor Linear::Forward(const at::Tensor& input) const {
  const at::Tensor output = at::linear(input, weight, bias);
  if (!lora_a.defined()) return output;
  return output + at::linear(at::linear(input, lora_a), lora_b) * lora_scale;
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
