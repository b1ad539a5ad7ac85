#include "model/generation/score_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/every_cpu.h"

namespace guichet {
namespace {

struct Extent {
  float largest;
  float sum;  // of e^(score - largest)
};

GUICHET_EVERY_CPU float LargestOf(const float* scores, std::int64_t count) {
  Lanes row;
  Lanes top = Lanes{} - std::numeric_limits<float>::infinity();
  const std::int64_t whole = count - count % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    std::memcpy(&row, scores + i, sizeof(row));
    top = row > top ? row : top;
  }
  float largest = Largest(top);
  for (std::int64_t i = whole; i < count; ++i) largest = std::max(largest, scores[i]);
  return largest;
}

GUICHET_EVERY_CPU float SumOfExponentials(const float* scores, std::int64_t count, float largest) {
  Lanes row;
  Lanes sums = {};
  const std::int64_t whole = count - count % kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    std::memcpy(&row, scores + i, sizeof(row));
    row -= largest;
    ExpOfNegative(row);
    sums += row;
  }
  float sum = Sum(sums);
  for (std::int64_t i = whole; i < count; ++i) sum += std::exp(scores[i] - largest);
  return sum;
}

GUICHET_EVERY_CPU void Subtract(float* scores, std::int64_t count, Extent extent) {
  const float log_sum = std::log(extent.sum);
  for (std::int64_t i = 0; i < count; ++i) scores[i] = scores[i] - extent.largest - log_sum;
}

Extent ExtentOf(std::span<const float> scores) {
  const auto count = static_cast<std::int64_t>(scores.size());
  const float largest = LargestOf(scores.data(), count);
  return {largest, SumOfExponentials(scores.data(), count, largest)};
}

// Whether any of the scores is above; a loop without an exit, which compilers vectorise.
GUICHET_EVERY_CPU bool AnyAbove(const float* scores, std::int64_t count, float offset,
                                float threshold) {
  int found = 0;
  for (std::int64_t i = 0; i < count; ++i) found |= scores[i] + offset > threshold ? 1 : 0;
  return found != 0;
}

}  // namespace

float LogSumExp(std::span<const float> scores) {
  const Extent extent = ExtentOf(scores);
  return extent.largest + std::log(extent.sum);
}

void LogSoftmax(std::span<float> scores) {
  Subtract(scores.data(), static_cast<std::int64_t>(scores.size()), ExtentOf(scores));
}

std::size_t FindAbove(std::span<const float> scores, std::size_t begin, float offset,
                      float threshold) {
  constexpr std::size_t kBlock = 256;
  for (std::size_t i = begin; i < scores.size(); i += kBlock) {
    const std::span<const float> block = scores.subspan(i, std::min(kBlock, scores.size() - i));
    if (!AnyAbove(block.data(), static_cast<std::int64_t>(block.size()), offset, threshold)) {
      continue;
    }
    std::size_t j = 0;
    while (!(block[j] + offset > threshold)) ++j;
    return i + j;
  }
  return scores.size();
}

}  // namespace guichet
