#include "model/network/attention.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>

namespace guichet {

Attention::Attention(ParameterFactory& factory, const std::string& prefix, int size, int heads,
                     double dropout)
    : heads_(heads),
      dropout_(dropout),
      key_(factory, prefix + "k_proj", size, size),
      value_(factory, prefix + "v_proj", size, size),
      query_(factory, prefix + "q_proj", size, size),
      output_(factory, prefix + "out_proj", size, size) {
  value_.Adapt(factory, prefix + "v_proj");
  query_.Adapt(factory, prefix + "q_proj");
}

at::Tensor Attention::SplitHeads(const at::Tensor& given, const PackedRows* packed) const {
  const at::Tensor states = packed == nullptr ? given : packed->Unpack(given);
  return states.view({states.size(0), states.size(1), heads_, states.size(2) / heads_})
      .transpose(1, 2);
}

at::Tensor Attention::Forward(const at::Tensor& queries, const at::Tensor& keys,
                              const AttentionMask& mask, const ForwardMode& mode) const {
  const at::Tensor query = SplitHeads(query_.Forward(queries), mask.queries);
  const at::Tensor key = SplitHeads(key_.Forward(keys), mask.keys);
  const at::Tensor value = SplitHeads(value_.Forward(keys), mask.keys);
  // Forward and backward in bf16 on a CPU, torch's fused attention takes twice the time of its
  // parts.
  const bool slow = query.is_cpu() && query.scalar_type() == at::kBFloat16 && query.requires_grad();
  at::Tensor context;
  if (slow || (mode.dropout != nullptr && dropout_ > 0.0)) {
    context = AttendInParts(query, key, value, mask, mode);
  } else {
    const std::optional<at::Tensor> bias =
        mask.bias.defined() ? std::optional(mask.bias) : std::nullopt;
    context = at::scaled_dot_product_attention(query, key, value, bias, 0.0, mask.causal);
  }
  const at::Tensor joined = context.transpose(1, 2).flatten(2);
  return output_.Forward(mask.queries == nullptr ? joined : mask.queries->Pack(joined));
}

// torch's own attention draws its dropout from a generator shared by the whole process; this one
// keeps runs repeatable beside other work.
at::Tensor Attention::AttendInParts(const at::Tensor& query, const at::Tensor& key,
                                    const at::Tensor& value, const AttentionMask& mask,
                                    const ForwardMode& mode) const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
  at::Tensor scores = at::matmul(query * scale, key.transpose(2, 3));
  if (mask.bias.defined()) scores = scores + mask.bias.to(scores.scalar_type());
  if (mask.causal) {
    const double hidden = -std::numeric_limits<double>::infinity();
    scores = scores + at::full({query.size(2), key.size(2)}, hidden, query.options()).triu(1);
  }
  const at::Tensor probabilities = Dropout(at::softmax(scores, -1), dropout_, mode);
  return at::matmul(probabilities, value);
}

}  // namespace guichet
