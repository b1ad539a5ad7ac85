#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "model/evaluation/logit_table.h"

namespace guichet {

// The bounds keep a fit on few or perfectly separated rows from running away.
inline constexpr double kLowestTemperature = 0.05;
inline constexpr double kHighestTemperature = 20;

// The temperature in [kLowestTemperature, kHighestTemperature] that minimises the mean negative log
// likelihood of softmax(logits / T) (Guo et al., ICML 2017); a bound when the minimum lies outside.
// The likelihood is convex in 1/T, so this is the global minimum, to better than 1e-9 relative.
// Fit it on rows the model was not trained on. INVALID_ARGUMENT as CheckLogits.
absl::StatusOr<double> FitTemperature(const LogitTable& logits, std::span<const int> truth);

// Mean negative log likelihood of softmax(logits / temperature). The logits must have passed
// CheckLogits.
double MeanNegativeLogLikelihood(const LogitTable& logits, std::span<const int> truth,
                                 double temperature);

}  // namespace guichet
