#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace guichet {

// Which slots of a padded batch are worth computing: states of only those are laid end to end,
// [N, d], so that matrix products spend nothing on padding. Attention alone needs the rectangle.
struct PackedRows {
  at::Tensor slots;  // [N] int64, rising, into rows * length
  std::int64_t rows = 0;
  std::int64_t length = 0;

  // [rows, length, d] → [N, d]
  at::Tensor Pack(const at::Tensor& states) const;
  // [N, d] → [rows, length, d], zeros in the slots left out
  at::Tensor Unpack(const at::Tensor& packed) const;
};

}  // namespace guichet
