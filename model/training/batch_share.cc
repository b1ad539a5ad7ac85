#include "model/training/batch_share.h"

#include <cstddef>

namespace guichet {
namespace {

// What the labels count together in a mean.
double WeightOf(std::span<const int> labels, std::span<const float> class_weights) {
  if (class_weights.empty()) return static_cast<double>(labels.size());
  double sum = 0;
  for (const int label : labels) sum += class_weights[static_cast<std::size_t>(label)];
  return sum;
}

}  // namespace

BatchShare ShareOf(const TrainingBatch& batch, std::span<const float> class_weights, int rank,
                   int size) {
  if (batch.tokens.rows < size) return {batch, 1.0 / size};
  BatchShare mine;
  mine.batch.tokens = EveryNthRow(batch.tokens, rank, size);
  const std::size_t width = batch.pooled.size() / batch.labels.size();
  for (auto row = static_cast<std::size_t>(rank); row < batch.labels.size();
       row += static_cast<std::size_t>(size)) {
    mine.batch.labels.push_back(batch.labels[row]);
    const auto features = std::span(batch.pooled).subspan(row * width, width);
    mine.batch.pooled.insert(mine.batch.pooled.end(), features.begin(), features.end());
  }
  const double all = WeightOf(batch.labels, class_weights);
  mine.share = all > 0 ? WeightOf(mine.batch.labels, class_weights) / all : 0.0;
  return mine;
}

}  // namespace guichet
