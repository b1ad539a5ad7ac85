#include "model/evaluation/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace guichet {
namespace {

// Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
double BetaFraction(double a, double b, double x) {
  constexpr int kMaxSteps = 100'000;
  constexpr double kTiny = 1e-300;
  const auto not_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= kMaxSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / not_zero(1 + even * d);
    c = not_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / not_zero(1 + odd * d);
    c = not_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < std::numeric_limits<double>::epsilon()) break;
  }
  return fraction;
}

// I_x(a, b), the distribution function of Beta(a, b); a and b above 0.
double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on the left of the mean; the right follows by symmetry.
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

double BetaQuantile(double probability, double a, double b) {
  constexpr int kBisections = 100;
  double low = 0;
  double high = 1;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = 0.5 * (low + high);
    (IncompleteBeta(a, b, middle) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::vector<double> CountByEdges(std::span<const double> values, std::span<const double> edges) {
  std::vector<double> counts(edges.size() + 1);
  for (const double value : values) {
    counts[static_cast<size_t>(std::ranges::lower_bound(edges, value) - edges.begin())] += 1;
  }
  return counts;
}

std::vector<double> Sorted(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace

McNemarResult McNemarTest(std::int64_t only_first, std::int64_t only_second) {
  const auto trials = static_cast<double>(only_first + only_second);
  const auto fewer = static_cast<double>(std::min(only_first, only_second));
  if (trials == 0) return {};
  // X ~ Binomial(trials, ½): P[X ≤ k] = I_½(trials − k, k + 1).
  const double cumulative = IncompleteBeta(trials - fewer, fewer + 1, 0.5);
  const double at = std::exp(std::lgamma(trials + 1) - std::lgamma(fewer + 1) -
                             std::lgamma(trials - fewer + 1) - trials * std::log(2.0));
  return {std::min(1.0, 2 * cumulative), std::min(1.0, 2 * cumulative - at)};
}

double ClopperPearsonLow(std::int64_t successes, std::int64_t trials, double alpha) {
  if (successes == 0) return 0;
  return BetaQuantile(alpha, static_cast<double>(successes),
                      static_cast<double>(trials - successes + 1));
}

Interval ClopperPearson(std::int64_t successes, std::int64_t trials, double alpha) {
  // The upper bound is the lower bound of the failures, seen from the other side.
  return {ClopperPearsonLow(successes, trials, alpha / 2),
          1 - ClopperPearsonLow(trials - successes, trials, alpha / 2)};
}

double Quantile(std::span<const double> sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

double PopulationStabilityIndex(std::span<const double> reference,
                                std::span<const double> current) {
  constexpr double kFloor = 1e-4;
  const double reference_sum = std::accumulate(reference.begin(), reference.end(), 0.0);
  const double current_sum = std::accumulate(current.begin(), current.end(), 0.0);
  double psi = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double p = std::max(reference[i] / reference_sum, kFloor);
    const double q = std::max(current[i] / current_sum, kFloor);
    psi += (q - p) * std::log(q / p);
  }
  return psi;
}

NumericDrift MeasureNumericDrift(std::span<const double> reference,
                                 std::span<const double> current) {
  constexpr int kBins = 10;
  const std::vector<double> sorted = Sorted(reference);
  NumericDrift drift;
  for (int i = 1; i < kBins; ++i) {
    drift.edges.push_back(Quantile(sorted, static_cast<double>(i) / kBins));
  }
  drift.reference_counts = CountByEdges(reference, drift.edges);
  drift.current_counts = CountByEdges(current, drift.edges);
  drift.psi = PopulationStabilityIndex(drift.reference_counts, drift.current_counts);
  return drift;
}

double KolmogorovSmirnov(std::span<const double> first, std::span<const double> second) {
  const std::vector<double> a = Sorted(first);
  const std::vector<double> b = Sorted(second);
  double largest = 0;
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] <= value) ++i;
    while (j < b.size() && b[j] <= value) ++j;
    largest = std::max(largest, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                         static_cast<double>(j) / static_cast<double>(b.size())));
  }
  return largest;
}

}  // namespace guichet
