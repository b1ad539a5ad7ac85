#include "model/training/class_balance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

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

std::vector<std::size_t> SampleRows(std::span<const int> labels, int label_count, Sampling sampling,
                                    std::uint64_t seed) {
  std::vector<std::size_t> rows;
  rows.reserve(labels.size());
  if (sampling == Sampling::kNatural) {
    for (std::size_t row = 0; row < labels.size(); ++row) rows.push_back(row);
    return rows;
  }
  std::vector<std::vector<std::size_t>> by_label(static_cast<std::size_t>(label_count));
  for (std::size_t row = 0; row < labels.size(); ++row) {
    by_label[static_cast<std::size_t>(labels[row])].push_back(row);
  }
  const auto weight_of = [sampling](const std::vector<std::size_t>& members) {
    const auto count = static_cast<double>(members.size());
    if (sampling == Sampling::kSqrtBalanced) return std::sqrt(count);
    return members.empty() ? 0.0 : 1.0;
  };
  double total = 0;
  for (const auto& members : by_label) total += weight_of(members);
  Random random(seed);
  double wanted = 0;  // by this label and those before it, so that the shares add up exactly
  for (std::vector<std::size_t>& members : by_label) {
    wanted += weight_of(members) / total * static_cast<double>(labels.size());
    const auto end = std::min(labels.size(), static_cast<std::size_t>(std::llround(wanted)));
    random.Shuffle(std::span(members));
    for (std::size_t i = 0; rows.size() < end; ++i) rows.push_back(members[i % members.size()]);
  }
  return rows;
}

}  // namespace guichet
