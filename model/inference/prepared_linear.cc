#include "model/inference/prepared_linear.h"

#include <utility>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

namespace guichet {
namespace {

// Calls an operator that has no C++ header (the quantised ones) through the dispatcher.
c10::IValue CallOperator(const char* name, std::vector<c10::IValue> arguments) {
  const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, "");
  handle.callBoxed(&arguments);
  return arguments.at(0);
}

// The library announces that its quantised tensors will move to another package one day: not the
// operator's concern.
class NoWarnings final : public c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

// Processors without VNNI add products of bytes in 16 bits, which saturate: there activations take
// seven bits instead of eight.
bool AddsBytesIn16Bits() {
#if defined(__x86_64__)
  return !__builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}
const bool kReduceRange = AddsBytesIn16Bits();

}  // namespace

PreparedLinear PreparedLinear::Plain(const at::Tensor& weight, at::Tensor bias) {
  PreparedLinear linear;
  linear.outputs_ = weight.size(0);
  linear.bytes_ = weight.nbytes() + bias.nbytes();
  linear.weight_transposed_ = weight.t();
  linear.bias_ = std::move(bias);
  return linear;
}

PreparedLinear PreparedLinear::Int8(const at::Tensor& weight, const at::Tensor& bias) {
  NoWarnings handler;
  const c10::WarningUtils::WarningHandlerGuard guard(&handler);
  // 127 steps on either side of zero; a row of zeros keeps a scale above zero.
  const at::Tensor scales = at::amax(weight.abs(), {1}).clamp_min(1e-12).div(127.0).to(at::kDouble);
  const at::Tensor zero_points = at::zeros({weight.size(0)}, at::kLong);
  const at::Tensor quantised =
      at::quantize_per_channel(weight, scales, zero_points, /*axis=*/0, at::kQInt8);
  PreparedLinear linear;
  linear.packed_ = CallOperator("quantized::linear_prepack", {quantised, bias});
  linear.outputs_ = weight.size(0);
  linear.bytes_ = static_cast<std::size_t>(weight.numel()) + bias.nbytes();
  return linear;
}

at::Tensor PreparedLinear::operator()(const at::Tensor& x) const {
  if (weight_transposed_.defined()) return at::addmm(bias_, x, weight_transposed_);
  return CallOperator("quantized::linear_dynamic", {x, packed_, kReduceRange}).toTensor();
}

void PreparedLinear::Into(at::Tensor& out, const at::Tensor& x) const {
  if (weight_transposed_.defined()) {
    at::addmm_out(out, bias_, x, weight_transposed_);
  } else {
    out = (*this)(x);
  }
}

void PreparedLinear::AddTo(at::Tensor& residual, const at::Tensor& x) const {
  if (weight_transposed_.defined()) {
    residual.add_(bias_);
    at::addmm_out(residual, residual, x, weight_transposed_);
  } else {
    residual.add_((*this)(x));
  }
}

}  // namespace guichet
