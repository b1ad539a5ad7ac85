#include <algorithm>
#include <vector>

#include "base/random.h"
#include "model/evaluation/statistics.h"

namespace guichet {
namespace {

// Random draws of one interval, over all resamples: about two seconds.
constexpr std::size_t kMostDraws = 200'000'000;
constexpr std::size_t kFewestResamples = 100;

struct LabelRows {
  std::int64_t truth = 0;
  std::int64_t predicted = 0;
  std::int64_t right = 0;
};

double MacroF1(const std::vector<LabelRows>& counts) {
  double sum = 0;
  for (const LabelRows& label : counts) {
    const auto whole = static_cast<double>(label.truth + label.predicted);
    if (whole > 0) sum += 2.0 * static_cast<double>(label.right) / whole;
  }
  return sum / static_cast<double>(counts.size());
}

}  // namespace

Interval BootstrapMacroF1(int label_count, std::span<const int> truth,
                          std::span<const int> predicted, const BootstrapOptions& options) {
  const std::size_t rows = truth.size();
  const std::size_t affordable = std::max(kFewestResamples, kMostDraws / rows);
  const std::size_t resamples = std::min(static_cast<std::size_t>(options.resamples), affordable);
  Random random(options.seed);
  std::vector<double> scores;
  scores.reserve(resamples);
  std::vector<LabelRows> counts(static_cast<std::size_t>(label_count));
  for (std::size_t resample = 0; resample < resamples; ++resample) {
    std::ranges::fill(counts, LabelRows{});
    for (std::size_t i = 0; i < rows; ++i) {
      const auto row = static_cast<std::size_t>(random.Below(rows));
      LabelRows& of_truth = counts[static_cast<std::size_t>(truth[row])];
      ++of_truth.truth;
      if (truth[row] == predicted[row]) ++of_truth.right;
      ++counts[static_cast<std::size_t>(predicted[row])].predicted;
    }
    scores.push_back(MacroF1(counts));
  }
  std::ranges::sort(scores);
  return {Quantile(scores, options.alpha / 2), Quantile(scores, 1 - options.alpha / 2)};
}

}  // namespace guichet
