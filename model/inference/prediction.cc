#include "model/inference/prediction.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace guichet {
namespace {

// softmax(logits / temperature), shifted by the maximum so that nothing overflows; summed in
// double.
std::vector<float> CalibratedProbabilities(std::span<const float> logits, double temperature) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> exponentials(logits.size());
  std::transform(logits.begin(), logits.end(), exponentials.begin(), [&](float logit) {
    return std::exp((static_cast<double>(logit) - largest) / temperature);
  });
  const double total = std::accumulate(exponentials.begin(), exponentials.end(), 0.0);
  std::vector<float> probabilities(logits.size());
  std::transform(exponentials.begin(), exponentials.end(), probabilities.begin(),
                 [&](double value) { return static_cast<float>(value / total); });
  return probabilities;
}

}  // namespace

Prediction MakePrediction(std::span<const float> logits, const BundleManifest& manifest,
                          const PredictionOptions& options) {
  const std::vector<float> probabilities = CalibratedProbabilities(logits, manifest.temperature);
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto probability = [&](int label) { return probabilities[static_cast<size_t>(label)]; };
  const size_t wanted = options.top_k <= 0
                            ? order.size()
                            : std::min(order.size(), static_cast<size_t>(options.top_k));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted), order.end(),
                    [&](int a, int b) {
                      return probability(a) != probability(b) ? probability(a) > probability(b)
                                                              : a < b;
                    });
  Prediction prediction;
  for (size_t i = 0; i < wanted; ++i) {
    if (i > 0 && probability(order[i]) < options.min_score) break;
    prediction.scores.push_back({.label = order[i], .score = probability(order[i])});
  }
  const auto best = static_cast<size_t>(order.front());
  if (best < manifest.thresholds.size()) {
    // A threshold of 1 is that of a label that is never answered, not even with certainty.
    const double threshold = manifest.thresholds[best];
    prediction.abstained = threshold >= 1 || probabilities[best] < threshold;
  }
  return prediction;
}

}  // namespace guichet
