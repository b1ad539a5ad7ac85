#include "client/cli/bench/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace guichet {

void LatencyHistogram::Record(std::chrono::nanoseconds duration) {
  duration = std::max(duration, std::chrono::nanoseconds(0));
  constexpr std::uint64_t kLargest = (std::uint64_t{1} << kMaxBits) - 1;
  const auto microseconds = static_cast<std::uint64_t>(duration.count()) / 1000;
  ++buckets_[BucketOf(std::min(microseconds, kLargest))];
  ++count_;
  sum_ += std::min(duration, std::chrono::nanoseconds::max() - sum_);
  max_ = std::max(max_, duration);
}

std::chrono::nanoseconds LatencyHistogram::Quantile(double share) const {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const auto wanted = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(count_)));
  const std::int64_t rank = std::clamp<std::int64_t>(wanted, 1, count_);
  std::int64_t seen = 0;
  std::size_t bucket = 0;
  while ((seen += buckets_[bucket]) < rank) ++bucket;
  const std::chrono::nanoseconds value =
      std::chrono::microseconds(static_cast<std::int64_t>(LargestOf(bucket)));
  return std::min(value, max_);
}

std::chrono::nanoseconds LatencyHistogram::mean() const {
  return count_ == 0 ? std::chrono::nanoseconds(0) : sum_ / count_;
}

std::size_t LatencyHistogram::BucketOf(std::uint64_t microseconds) {
  const auto bits = static_cast<unsigned>(std::bit_width(microseconds));
  if (bits <= kExactBits) return microseconds;
  const unsigned shift = bits - kExactBits;
  const std::uint64_t step = microseconds >> shift;  // kExactBits bits, the first of them set
  return (static_cast<std::size_t>(shift) << (kExactBits - 1)) + step;
}

// The largest value of its bucket.
std::uint64_t LatencyHistogram::LargestOf(std::size_t bucket) {
  constexpr std::size_t kHalf = std::size_t{1} << (kExactBits - 1);
  if (bucket < 2 * kHalf) return bucket;
  const std::size_t shift = bucket / kHalf - 1;
  const std::uint64_t step = bucket - shift * kHalf;
  return ((step + 1) << shift) - 1;
}

}  // namespace guichet
