#include "model/inference/varlen_attention.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include "model/inference/small_attention.h"

namespace guichet {
namespace {

// How many of the first spans have the same lengths and lie end to end: one call serves them all.
std::size_t EqualRun(std::span<const AttentionSpan> spans) {
  const AttentionSpan& head = spans.front();
  std::size_t count = 1;
  for (; count < spans.size(); ++count) {
    const AttentionSpan& next = spans[count];
    const auto shift = static_cast<std::int64_t>(count);
    if (next.query_length != head.query_length || next.key_length != head.key_length ||
        next.key_begin != head.key_begin + shift * head.key_length) {
      break;
    }
  }
  return count;
}

// [count * length, heads, width] rows as [count, heads, length, width], without a copy.
at::Tensor AsBatch(const at::Tensor& rows, std::int64_t begin, std::int64_t count,
                   std::int64_t length) {
  return rows.narrow(0, begin, count * length).unflatten(0, {count, length}).transpose(1, 2);
}

// Long sequences, or types other than fp32: the library's kernel, once for each run of equal
// lengths.
std::size_t AttendRun(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                      std::span<const AttentionSpan> spans, bool causal, at::Tensor& output) {
  const AttentionSpan& span = spans.front();
  const std::size_t run = EqualRun(spans);
  const auto count = static_cast<std::int64_t>(run);
  const auto result = at::_scaled_dot_product_flash_attention_for_cpu(
      AsBatch(query, span.query_begin, count, span.query_length),
      AsBatch(key, span.key_begin, count, span.key_length),
      AsBatch(value, span.key_begin, count, span.key_length), /*dropout_p=*/0.0, causal);
  output.narrow(0, span.query_begin, count * span.query_length)
      .unflatten(0, {count, span.query_length})
      .copy_(std::get<0>(result).transpose(1, 2));
  return run;
}

bool FitsSmallKernel(const at::Tensor& query) {
  return query.scalar_type() == at::kFloat && query.size(2) % 4 == 0 &&
         query.size(2) <= kSmallAttentionWidth;
}

void AttendSmall(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                 const AttentionSpan& span, bool causal, at::Tensor& output) {
  SmallAttentionArguments arguments{
      .query_stride = query.stride(0),
      .key_stride = key.stride(0),
      .value_stride = value.stride(0),
      .output_stride = output.stride(0),
      .query_length = span.query_length,
      .key_length = span.key_length,
      .width = query.size(2),
      .causal = causal,
      .scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(query.size(2))))};
  for (std::int64_t head = 0; head < query.size(1); ++head) {
    const auto at = [head](const at::Tensor& rows, std::int64_t row) {
      return rows.const_data_ptr<float>() + row * rows.stride(0) + head * rows.stride(1);
    };
    arguments.query = at(query, span.query_begin);
    arguments.key = at(key, span.key_begin);
    arguments.value = at(value, span.key_begin);
    arguments.output = output.mutable_data_ptr<float>() + span.query_begin * output.stride(0) +
                       head * output.stride(1);
    SmallAttention(arguments);
  }
}

void AttendOnCpu(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                 std::span<const AttentionSpan> spans, bool causal, at::Tensor output) {
  const bool small = FitsSmallKernel(query);
  for (std::size_t first = 0; first < spans.size();) {
    if (small && spans[first].key_length <= kSmallAttentionKeys) {
      AttendSmall(query, key, value, spans[first], causal, output);
      ++first;
    } else {
      first += AttendRun(query, key, value, spans.subspan(first), causal, output);
    }
  }
}

// Start of each span among `begin`s that lie end to end, as the int32 prefix sums CUDA kernels
// take.
at::Tensor PrefixSums(const std::vector<std::int64_t>& lengths, const at::Device& device) {
  at::Tensor sums = at::empty({static_cast<std::int64_t>(lengths.size()) + 1}, at::kInt);
  auto* out = sums.mutable_data_ptr<int>();
  out[0] = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i)
    out[i + 1] = out[i] + static_cast<int>(lengths[i]);
  return sums.to(device, /*non_blocking=*/true);
}

// The rows that spans read, end to end; the tensor itself where they lie so already.
at::Tensor GatherKeys(const at::Tensor& rows, std::span<const AttentionSpan> spans) {
  std::vector<std::int64_t> index;
  for (const AttentionSpan& span : spans) {
    for (std::int64_t t = 0; t < span.key_length; ++t) index.push_back(span.key_begin + t);
  }
  if (static_cast<std::int64_t>(index.size()) == rows.size(0)) return rows;
  at::Tensor host = at::empty({static_cast<std::int64_t>(index.size())}, at::kLong);
  std::copy(index.begin(), index.end(), host.mutable_data_ptr<std::int64_t>());
  return at::index_select(rows, 0, host.to(rows.device()));
}

// The kernel reads whole 16 bytes of a head. Zeros at the end of query and key change no score,
// those of value come out as zeros.
at::Tensor PadWidth(const at::Tensor& rows) {
  const auto unit = static_cast<std::int64_t>(16 / rows.element_size());
  const std::int64_t missing = (unit - rows.size(2) % unit) % unit;
  return missing == 0 ? rows : at::constant_pad_nd(rows, {0, missing});
}

at::Tensor AttendOnCuda(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                        std::span<const AttentionSpan> spans, bool causal) {
  std::vector<std::int64_t> query_lengths;
  std::vector<std::int64_t> key_lengths;
  for (const AttentionSpan& span : spans) {
    query_lengths.push_back(span.query_length);
    key_lengths.push_back(span.key_length);
  }
  // 1: a causal mask aligned at the first key of each span (CustomMaskType::CausalFromTopLeft).
  const int mask_type = causal ? 1 : 0;
  const auto result = at::_efficient_attention_forward(
      PadWidth(query).unsqueeze(0), PadWidth(GatherKeys(key, spans)).unsqueeze(0),
      PadWidth(GatherKeys(value, spans)).unsqueeze(0), /*bias=*/std::nullopt,
      PrefixSums(query_lengths, query.device()), PrefixSums(key_lengths, query.device()),
      *std::max_element(query_lengths.begin(), query_lengths.end()),
      *std::max_element(key_lengths.begin(), key_lengths.end()), /*dropout_p=*/0.0, mask_type,
      /*compute_log_sumexp=*/false, 1.0 / std::sqrt(static_cast<double>(query.size(2))));
  return std::get<0>(result).squeeze(0).narrow(2, 0, query.size(2)).flatten(1);
}

}  // namespace

void VarlenAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     std::span<const AttentionSpan> spans, bool causal, at::Tensor& output) {
  if (query.is_cuda()) {
    output = AttendOnCuda(query, key, value, spans, causal);
  } else {
    AttendOnCpu(query, key, value, spans, causal, output.view_as(query));
  }
}

}  // namespace guichet
