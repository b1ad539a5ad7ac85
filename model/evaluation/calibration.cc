#include "model/evaluation/calibration.h"

#include <vector>

#include "base/status_macros.h"

namespace guichet {
namespace {

// Halvings of the bracket of 1/T; 64 exhaust the precision of a double.
constexpr int kBisections = 64;

// Derivative of the mean negative log likelihood by the inverse temperature.
double Slope(const LogitTable& logits, std::span<const int> truth, double inverse) {
  std::vector<double> p(static_cast<size_t>(logits.label_count));
  double total = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const auto row = logits.row(i);
    Softmax(row, 1 / inverse, p);
    const double own = row[static_cast<size_t>(truth[i])];
    // Differences to the true logit keep equal logits at exactly zero.
    for (size_t k = 0; k < p.size(); ++k) total += p[k] * (row[k] - own);
  }
  return total / static_cast<double>(truth.size());
}

}  // namespace

absl::StatusOr<double> FitTemperature(const LogitTable& logits, std::span<const int> truth) {
  GUICHET_RETURN_IF_ERROR(CheckLogits(logits, truth));
  double low = 1 / kHighestTemperature;
  double high = 1 / kLowestTemperature;
  if (Slope(logits, truth, low) >= 0) return kHighestTemperature;
  if (Slope(logits, truth, high) <= 0) return kLowestTemperature;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = 0.5 * (low + high);
    (Slope(logits, truth, middle) < 0 ? low : high) = middle;
  }
  return 2 / (low + high);
}

double MeanNegativeLogLikelihood(const LogitTable& logits, std::span<const int> truth,
                                 double temperature) {
  double total = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    total += NegativeLogProbability(logits.row(i), temperature, truth[i]);
  }
  return total / static_cast<double>(truth.size());
}

}  // namespace guichet
