#include "model/inference/prepared_linear.h"

#include <algorithm>
#include <utility>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include "model/inference/all_threads.h"
#include "model/inference/few_rows_product.h"

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

// Whether our kernel for few rows takes the product: fp32 on a CPU, everything end to end.
bool TakesFewRows(const at::Tensor& x, const at::Tensor& out) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.size(0) <= kFewRows &&
         x.is_contiguous() && out.is_contiguous();
}

void MultiplyOnAllThreads(const FewRowsArguments& arguments) {
  constexpr std::int64_t kPart = 48;  // outputs
  OnAllThreads((arguments.outputs + kPart - 1) / kPart, [&arguments](std::int64_t part) {
    MultiplyFewRows(arguments, part * kPart, std::min((part + 1) * kPart, arguments.outputs));
  });
}

}  // namespace

PreparedLinear PreparedLinear::Plain(const at::Tensor& weight, at::Tensor bias) {
  PreparedLinear linear;
  linear.outputs_ = weight.size(0);
  linear.bytes_ = weight.nbytes() + bias.nbytes();
  linear.weight_transposed_ = weight.contiguous().t();
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

bool PreparedLinear::MultiplyFew(at::Tensor& out, const at::Tensor& x, bool add) const {
  if (!TakesFewRows(x, out)) return false;
  MultiplyOnAllThreads({.x = x.const_data_ptr<float>(),
                        .weight = weight_transposed_.const_data_ptr<float>(),
                        .bias = bias_.const_data_ptr<float>(),
                        .out = out.mutable_data_ptr<float>(),
                        .rows = x.size(0),
                        .inputs = x.size(1),
                        .outputs = outputs_,
                        .add = add});
  return true;
}

void PreparedLinear::Into(at::Tensor& out, const at::Tensor& x) const {
  if (!weight_transposed_.defined()) {
    out = (*this)(x);
  } else if (!MultiplyFew(out, x, /*add=*/false)) {
    at::addmm_out(out, bias_, x, weight_transposed_);
  }
}

void PreparedLinear::AddTo(at::Tensor& residual, const at::Tensor& x) const {
  if (!weight_transposed_.defined()) {
    residual.add_((*this)(x));
  } else if (!MultiplyFew(residual, x, /*add=*/true)) {
    residual.add_(bias_);
    at::addmm_out(residual, residual, x, weight_transposed_);
  }
}

}  // namespace guichet
