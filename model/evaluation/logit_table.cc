#include "model/evaluation/logit_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace guichet {
namespace {

// log Σ exp(logits / temperature), without overflow.
double LogSumExp(std::span<const double> logits, double temperature, double largest) {
  double sum = 0;
  for (const double logit : logits) sum += std::exp((logit - largest) / temperature);
  return largest / temperature + std::log(sum);
}

}  // namespace

absl::Status CheckLogits(const LogitTable& logits, std::span<const int> truth) {
  if (logits.label_count < 2 || logits.values.empty() ||
      logits.values.size() % static_cast<size_t>(logits.label_count) != 0) {
    return absl::InvalidArgumentError(
        fmt::format("{} logits do not make up rows of {} labels; at least two labels and one row "
                    "are needed",
                    logits.values.size(), logits.label_count));
  }
  if (truth.size() != logits.rows()) {
    return absl::InvalidArgumentError(
        fmt::format("{} true labels for {} rows of logits", truth.size(), logits.rows()));
  }
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] < 0 || truth[i] >= logits.label_count) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: label {} is not in [0, {})", i, truth[i], logits.label_count));
    }
    for (const double logit : logits.row(i)) {
      if (!std::isfinite(logit)) {
        return absl::InvalidArgumentError(
            fmt::format("row {}: logit {} is not a finite number", i, logit));
      }
    }
  }
  return absl::OkStatus();
}

void Softmax(std::span<const double> logits, double temperature, std::span<double> probabilities) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  const double log_sum = LogSumExp(logits, temperature, largest);
  for (size_t i = 0; i < logits.size(); ++i) {
    probabilities[i] = std::exp(logits[i] / temperature - log_sum);
  }
}

double NegativeLogProbability(std::span<const double> logits, double temperature, int label) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  return LogSumExp(logits, temperature, largest) - logits[static_cast<size_t>(label)] / temperature;
}

int LargestIndex(std::span<const double> values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace guichet
