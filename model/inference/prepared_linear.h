#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace guichet {

// y = x·Wᵀ + b with the weight laid out for serving: plain (fp32, bf16) or int8 with per-call
// activation scales.
class PreparedLinear {
 public:
  PreparedLinear() = default;
  // weight [out, in] and bias [out], already on the device and in the run's type.
  static PreparedLinear Plain(const at::Tensor& weight, at::Tensor bias);
  // weight and bias in fp32 on the CPU; rows are quantised symmetrically, one scale a row.
  static PreparedLinear Int8(const at::Tensor& weight, const at::Tensor& bias);

  // x [rows, in] → [rows, out].
  at::Tensor operator()(const at::Tensor& x) const;
  // out = (*this)(x); a plain layer writes into out, which is [rows, out] and not x.
  void Into(at::Tensor& out, const at::Tensor& x) const;
  // residual [rows, out] += (*this)(x), without a temporary where the layout allows.
  void AddTo(at::Tensor& residual, const at::Tensor& x) const;

  std::int64_t outputs() const { return outputs_; }
  std::size_t bytes() const { return bytes_; }

 private:
  // out = (*this)(x), or added to it, by our kernel; false, and nothing done, where that is not
  // made for the product.
  bool MultiplyFew(at::Tensor& out, const at::Tensor& x, bool add) const;

  at::Tensor weight_transposed_;  // [in, out] view of rows end to end; undefined when int8
  at::Tensor bias_;
  c10::IValue packed_;  // int8: the library's packed parameters
  std::int64_t outputs_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace guichet
