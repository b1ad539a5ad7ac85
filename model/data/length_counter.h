#pragma once

#include <cstdint>
#include <vector>

#include "model/data/dataset_report.h"

namespace guichet {

// Sums lengths up in a fixed room: one counter for each length up to a bound, and one for all
// longer ones, which a percentile takes for the longest.
class LengthCounter {
 public:
  void Add(std::int64_t length);
  std::int64_t count() const { return count_; }
  LengthSummary Summarize() const;

 private:
  static constexpr std::int64_t kLongest = 65'536;

  // The smallest length such that more than `rank` texts are not longer.
  std::int64_t AtRank(std::int64_t rank) const;

  std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(kLongest + 1);
  std::int64_t count_ = 0;
  std::int64_t longest_ = 0;
  double sum_ = 0;
};

}  // namespace guichet
