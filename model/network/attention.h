#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "model/network/layers.h"
#include "model/network/packed_rows.h"

namespace guichet {

// Which keys a query sees. `bias` is added to the scores, [B, 1, 1, S] with 0 or -infinity, or
// undefined when all keys are visible; every row must have a visible key.
struct AttentionMask {
  at::Tensor bias;
  bool causal = false;
  // How the states of queries and keys are packed; null: they are rectangles.
  const PackedRows* queries = nullptr;
  const PackedRows* keys = nullptr;
};

// Multi-head attention with separate projections (MBartAttention), scores scaled by
// 1/sqrt(head size). dropout applies to the probabilities.
class Attention {
 public:
  Attention(ParameterFactory& factory, const std::string& prefix, int size, int heads,
            double dropout);

  // queries [B, T, d], keys [B, S, d], or packed as the mask says → as the queries, after out_proj.
  at::Tensor Forward(const at::Tensor& queries, const at::Tensor& keys, const AttentionMask& mask,
                     const ForwardMode& mode) const;

 private:
  // [B, T, d], or packed → [B, heads, T, d / heads]
  at::Tensor SplitHeads(const at::Tensor& states, const PackedRows* packed) const;
  at::Tensor AttendInParts(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           const AttentionMask& mask, const ForwardMode& mode) const;

  const int heads_;
  const double dropout_;
  Linear key_;
  Linear value_;
  Linear query_;
  Linear output_;
};

}  // namespace guichet
