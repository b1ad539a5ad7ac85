#include "model/generation/sampling.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "model/generation/score_rows.h"

namespace guichet {
namespace {

constexpr float kBanned = -std::numeric_limits<float>::infinity();

void KeepTopK(std::size_t k, std::span<float> scores) {
  if (k >= scores.size()) return;
  std::vector<float> ordered(scores.begin(), scores.end());
  const auto kth = ordered.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(ordered.begin(), kth, ordered.end(), std::greater<>());
  for (float& score : scores) {
    if (score < *kth) score = kBanned;  // ties with the k-th stay
  }
}

void KeepTopP(double top_p, std::size_t least_kept, std::span<float> scores) {
  std::vector<std::size_t> rising;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] != kBanned) rising.push_back(i);
  }
  std::ranges::stable_sort(rising, {}, [&](std::size_t i) { return scores[i]; });
  const float total = LogSumExp(scores);
  double cumulative = 0.0;
  for (std::size_t rank = 0; rank + least_kept < rising.size(); ++rank) {
    float& score = scores[rising[rank]];
    cumulative += std::exp(score - total);
    if (static_cast<float>(cumulative) > static_cast<float>(1.0 - top_p)) break;
    score = kBanned;
  }
}

// e^(score - largest), in double, and their sum.
double Weights(std::span<const float> scores, std::vector<double>& weights) {
  const float largest = *std::ranges::max_element(scores);
  double total = 0.0;
  weights.resize(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    weights[i] = scores[i] == kBanned ? 0.0 : std::exp(static_cast<double>(scores[i] - largest));
    total += weights[i];
  }
  return total;
}

// The index whose part of the line of weights `point` lies in.
std::size_t IndexAt(std::span<const double> weights, double point) {
  std::size_t last = 0;  // with a weight above 0, in case rounding leads beyond the end
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0.0) continue;
    last = i;
    point -= weights[i];
    if (point < 0.0) break;
  }
  return last;
}

}  // namespace

void FilterForSampling(const GenerationOptions& options, std::size_t least_kept,
                       std::span<float> scores) {
  if (options.temperature != 1.0) {
    const auto temperature = static_cast<float>(options.temperature);
    for (float& score : scores) score /= temperature;
  }
  if (options.top_k > 0) {
    KeepTopK(std::max(static_cast<std::size_t>(options.top_k), least_kept), scores);
  }
  if (options.top_p < 1.0) KeepTopP(options.top_p, least_kept, scores);
}

std::vector<float> Probabilities(std::span<const float> scores) {
  std::vector<double> weights;
  const double total = Weights(scores, weights);
  std::vector<float> probabilities;
  for (const double weight : weights) probabilities.push_back(static_cast<float>(weight / total));
  return probabilities;
}

std::size_t Draw(std::span<const float> scores, Random& random) {
  std::vector<double> weights;
  const double total = Weights(scores, weights);
  return IndexAt(weights, random.Uniform() * total);
}

std::vector<std::size_t> DrawWithoutReplacement(std::span<const float> scores, std::size_t count,
                                                Random& random) {
  std::vector<double> weights;
  double total = Weights(scores, weights);
  std::vector<std::size_t> drawn;
  while (drawn.size() < count && total > 0.0) {
    const std::size_t index = IndexAt(weights, random.Uniform() * total);
    if (weights[index] <= 0.0) break;  // nothing but rounding was left
    drawn.push_back(index);
    weights[index] = 0.0;
    // Summed again, as a difference would keep the rounding of all that has gone.
    total = 0.0;
    for (const double weight : weights) total += weight;
  }
  return drawn;
}

}  // namespace guichet
