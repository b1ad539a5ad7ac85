#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace guichet {

// P values of McNemar's test on the rows that exactly one of two classifiers gets right.
struct McNemarResult {
  double exact = 1;
  double mid_p = 1;  // less conservative (Lancaster 1961; Fagerland et al. 2013)
};

// only_first and only_second: how many rows only the first or only the second got right; both at
// least 0. Two-sided; 1 when both are 0.
McNemarResult McNemarTest(std::int64_t only_first, std::int64_t only_second);

struct Interval {
  double low = 0;
  double high = 1;
};

// Two-sided exact interval of a share at level 1 − alpha (Clopper, Pearson 1934).
// 0 ≤ successes ≤ trials, trials ≥ 1, alpha in (0, 1).
Interval ClopperPearson(std::int64_t successes, std::int64_t trials, double alpha);

// The one-sided lower bound: the share is above it with confidence 1 − alpha.
double ClopperPearsonLow(std::int64_t successes, std::int64_t trials, double alpha);

// The value at this share, in [0, 1], of sorted values, interpolated linearly; at least one value.
double Quantile(std::span<const double> sorted, double share);

// The 1 − alpha percentile interval of the macro-F1 (over all labels, as in ClassificationReport)
// of resampled rows (bootstrap, Efron 1979). The same seed gives the same interval.
struct BootstrapOptions {
  double alpha = 0.05;
  int resamples = 2000;  // fewer for more than 100,000 rows, so that it takes seconds
  std::uint64_t seed = 42;
};
// truth and predicted index into labels, one of each a row, at least one row.
Interval BootstrapMacroF1(int label_count, std::span<const int> truth,
                          std::span<const int> predicted, const BootstrapOptions& options = {});

// Σ (q − p)·ln(q/p) over the shares p of the reference and q of the current counts, each floored at
// 1e-4 and not renormalised. Below 0.1: no drift; above 0.25: alarm. Counts of equal size with a
// sum above 0.
double PopulationStabilityIndex(std::span<const double> reference, std::span<const double> current);

struct NumericDrift {
  std::vector<double> edges;             // the nine deciles of the reference, linear interpolation
  std::vector<double> reference_counts;  // ten bins; a value's bin is the number of edges below it
  std::vector<double> current_counts;
  double psi = 0;
};

// Population stability index of a number over the reference's deciles. Neither may be empty.
NumericDrift MeasureNumericDrift(std::span<const double> reference,
                                 std::span<const double> current);

// Largest distance between two empirical distribution functions. Neither may be empty.
double KolmogorovSmirnov(std::span<const double> first, std::span<const double> second);

}  // namespace guichet
