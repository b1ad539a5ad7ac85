#include "model/inference/layer_norm.h"

#include <cmath>
#include <cstring>

#include "base/every_cpu.h"

namespace guichet {
namespace {

GUICHET_INLINE void Load(const float* from, Lanes& to) { std::memcpy(&to, from, sizeof(to)); }

GUICHET_EVERY_CPU void Normalise(const LayerNormArguments& a) {
  const std::int64_t whole = a.width - a.width % kLanes;  // in whole vectors; the rest one by one
  const auto width = static_cast<float>(a.width);
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const float* x = a.x + r * a.width;
    float* out = a.out + r * a.width;
    Lanes row;
    Lanes sums = {};
    float sum = 0.0F;
    for (std::int64_t k = 0; k < whole; k += kLanes) {
      Load(x + k, row);
      sums += row;
    }
    for (std::int64_t k = whole; k < a.width; ++k) sum += x[k];
    const float mean = (Sum(sums) + sum) / width;
    sums = Lanes{};
    sum = 0.0F;
    for (std::int64_t k = 0; k < whole; k += kLanes) {
      Load(x + k, row);
      row -= mean;
      sums += row * row;
    }
    for (std::int64_t k = whole; k < a.width; ++k) sum += (x[k] - mean) * (x[k] - mean);
    const float scale = 1.0F / std::sqrt((Sum(sums) + sum) / width + a.epsilon);
    for (std::int64_t k = 0; k < whole; k += kLanes) {
      Lanes weight;
      Lanes bias;
      Load(x + k, row);
      Load(a.weight + k, weight);
      Load(a.bias + k, bias);
      row = (row - mean) * scale * weight + bias;
      std::memcpy(out + k, &row, sizeof(row));
    }
    for (std::int64_t k = whole; k < a.width; ++k) {
      out[k] = (x[k] - mean) * scale * a.weight[k] + a.bias[k];
    }
  }
}

}  // namespace

void LayerNormRows(const LayerNormArguments& arguments) { Normalise(arguments); }

}  // namespace guichet
