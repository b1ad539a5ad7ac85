#include "model/inference/few_rows_product.h"

#include <algorithm>
#include <cstring>

#include "base/every_cpu.h"

namespace guichet {
namespace {

// Rows of x and of the weight that meet at once: as many as have their sums in registers.
constexpr std::int64_t kBlock = 4;

struct Block {
  const float* x[kBlock];
  const float* weight[kBlock];
};

// sums[r][o] = x_r · weight_o over the inputs.
GUICHET_INLINE void Multiply(const Block& block, std::int64_t inputs,
                             float (&sums)[kBlock][kBlock]) {
  Lanes lanes[kBlock][kBlock] = {};
  const std::int64_t whole = inputs - inputs % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    Lanes weight[kBlock];
    for (std::int64_t o = 0; o < kBlock; ++o) {
      std::memcpy(&weight[o], block.weight[o] + i, sizeof(Lanes));
    }
    for (std::int64_t r = 0; r < kBlock; ++r) {
      Lanes x;
      std::memcpy(&x, block.x[r] + i, sizeof(x));
      for (std::int64_t o = 0; o < kBlock; ++o) lanes[r][o] += x * weight[o];
    }
  }
  for (std::int64_t r = 0; r < kBlock; ++r) {
    for (std::int64_t o = 0; o < kBlock; ++o) {
      sums[r][o] = Sum(lanes[r][o]);
      for (std::int64_t i = whole; i < inputs; ++i)
        sums[r][o] += block.x[r][i] * block.weight[o][i];
    }
  }
}

GUICHET_EVERY_CPU void MultiplyAll(const FewRowsArguments& a, std::int64_t begin,
                                   std::int64_t end) {
  float sums[kBlock][kBlock];
  Block block;
  for (std::int64_t first = begin; first < end; first += kBlock) {
    const std::int64_t outputs = std::min(kBlock, end - first);
    // A block that is not full repeats its last row.
    for (std::int64_t o = 0; o < kBlock; ++o) {
      block.weight[o] = a.weight + (first + std::min(o, outputs - 1)) * a.inputs;
    }
    for (std::int64_t row = 0; row < a.rows; row += kBlock) {
      const std::int64_t rows = std::min(kBlock, a.rows - row);
      for (std::int64_t r = 0; r < kBlock; ++r) {
        block.x[r] = a.x + (row + std::min(r, rows - 1)) * a.inputs;
      }
      Multiply(block, a.inputs, sums);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* out = a.out + (row + r) * a.outputs + first;
        for (std::int64_t o = 0; o < outputs; ++o) {
          out[o] = sums[r][o] + a.bias[first + o] + (a.add ? out[o] : 0.0F);
        }
      }
    }
  }
}

}  // namespace

void MultiplyFewRows(const FewRowsArguments& arguments, std::int64_t begin, std::int64_t end) {
  MultiplyAll(arguments, begin, end);
}

}  // namespace guichet
