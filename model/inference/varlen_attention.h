#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace guichet {

// Which rows of packed queries look at which rows of packed keys.
struct AttentionSpan {
  std::int64_t query_begin = 0;
  std::int64_t query_length = 0;
  std::int64_t key_begin = 0;
  std::int64_t key_length = 0;
};

// Scaled dot-product attention of many sequences laid end to end, without padding and without
// looking across sequences. query [queries, heads, width]; key and value [keys, heads, width],
// views are fine; width is the size of one head. Spans lie in order of their queries and cover them
// all. With `causal`, query i of a span sees keys 0…i of it, and the span has as many keys as
// queries. Scores are scaled by 1/sqrt(width). On a CPU the result is written into output
// [queries, heads * width], contiguous; elsewhere output becomes another tensor.
void VarlenAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     std::span<const AttentionSpan> spans, bool causal, at::Tensor& output);

}  // namespace guichet
