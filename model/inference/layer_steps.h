#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/inference/packed_batch.h"
#include "model/inference/prepared_weights.h"
#include "model/inference/varlen_attention.h"
#include "model/network/bart_config.h"

namespace guichet {

// Row 0 of every sequence is row 2 of a position table; its first two are never read.
inline constexpr std::int64_t kPositionOffset = 2;

at::Tensor ToDevice(std::span<const std::int64_t> values, const at::Device& device);
at::Tensor ToDevice(std::span<const TokenId> values, const at::Device& device);

at::Tensor Normalise(const PreparedNorm& norm, const at::Tensor& x);

// Words and positions, normalised: [rows, d]. ids and position_rows [rows].
at::Tensor Embed(const PreparedStack& stack, const at::Tensor& ids,
                 const at::Tensor& position_rows);

// [rows, parts * d] as [rows, parts, heads, width].
at::Tensor SplitHeads(const at::Tensor& x, std::int64_t parts, std::int64_t heads);

// The steps of which the layers of both stacks are made, on packed rows. The tensors between the
// steps are kept from layer to layer: fresh memory for each step would cost the system more than
// some of the steps. Belongs to one pass.
class LayerSteps {
 public:
  explicit LayerSteps(const at::TensorOptions& options) : options_(options) {}

  // A tensor of this shape with whatever is in it; `slot` is it, or becomes it.
  at::Tensor& Get(at::Tensor& slot, std::int64_t rows, std::int64_t width) const;

  // Into `normed`.
  const at::Tensor& Normalise(const PreparedNorm& norm, const at::Tensor& x);
  // Into `slot`.
  const at::Tensor& Project(const PreparedLinear& linear, const at::Tensor& x,
                            at::Tensor& slot) const;
  // Into `attended`; arguments as VarlenAttention's.
  void Attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
              std::span<const AttentionSpan> spans, bool causal);
  // hidden += fc2(GELU(fc1(LN(hidden)))).
  void FeedForward(const PreparedNorm& norm, const PreparedLinear& fc1, const PreparedLinear& fc2,
                   at::Tensor& hidden);

  at::Tensor normed;     // [rows, d]
  at::Tensor query;      // [rows, d], of the decoder
  at::Tensor projected;  // [rows, 2d or 3d]
  at::Tensor attended;   // [rows, d]
  at::Tensor inner;      // [rows, ffn]

 private:
  const at::TensorOptions options_;
};

// Every row of the batch looking at itself.
std::vector<AttentionSpan> OwnSpans(const PackedBatch& batch);
// The batch's positions as rows of the position tables, on the device.
at::Tensor PositionRows(const PackedBatch& batch, const at::Device& device);

// The encoder's states after its last norm, [tokens, d].
at::Tensor EncodePacked(const PreparedWeights& weights, const BartConfig& config,
                        const PackedBatch& batch, const at::Device& device, LayerSteps& steps);

}  // namespace guichet
