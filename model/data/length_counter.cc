#include "model/data/length_counter.h"

#include <algorithm>

namespace guichet {

void LengthCounter::Add(std::int64_t length) {
  ++counts_[static_cast<std::size_t>(std::min(length, kLongest))];
  ++count_;
  longest_ = std::max(longest_, length);
  sum_ += static_cast<double>(length);
}

LengthSummary LengthCounter::Summarize() const {
  LengthSummary summary;
  if (count_ == 0) return summary;
  summary.mean = sum_ / static_cast<double>(count_);
  summary.median = AtRank((count_ - 1) / 2);
  summary.p95 = AtRank((count_ - 1) * 95 / 100);
  summary.longest = longest_;
  return summary;
}

std::int64_t LengthCounter::AtRank(std::int64_t rank) const {
  std::int64_t below = 0;
  for (std::int64_t length = 0; length < kLongest; ++length) {
    below += counts_[static_cast<std::size_t>(length)];
    if (below > rank) return length;
  }
  return longest_;
}

}  // namespace guichet
