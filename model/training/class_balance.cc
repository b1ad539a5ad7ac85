#include "model/training/class_balance.h"

#include <cmath>
#include <numeric>

namespace guichet {

std::vector<std::int64_t> CountLabels(std::span<const int> labels, int label_count) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(label_count), 0);
  for (const int label : labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

std::vector<float> ClassWeights(std::span<const std::int64_t> counts, ClassWeighting weighting) {
  if (weighting == ClassWeighting::kNone) return {};
  const auto total =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  std::vector<float> weights;
  for (const std::int64_t count : counts) {
    const double inverse =
        count == 0 ? 0.0
                   : total / (static_cast<double>(counts.size()) * static_cast<double>(count));
    weights.push_back(static_cast<float>(
        weighting == ClassWeighting::kSqrtInverse ? std::sqrt(inverse) : inverse));
  }
  return weights;
}

}  // namespace guichet
