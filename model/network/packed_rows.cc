#include "model/network/packed_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

namespace guichet {

at::Tensor PackedRows::Pack(const at::Tensor& states) const {
  return states.reshape({rows * length, states.size(-1)}).index_select(0, slots);
}

at::Tensor PackedRows::Unpack(const at::Tensor& packed) const {
  const at::Tensor empty = at::zeros({rows * length, packed.size(-1)}, packed.options());
  return empty.index_copy(0, slots, packed).view({rows, length, packed.size(-1)});
}

}  // namespace guichet
