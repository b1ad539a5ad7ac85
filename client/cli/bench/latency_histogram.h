#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace guichet {

// Counts durations in buckets that widen with the value, so that any number of them takes the same
// 40 kB and a percentile is exact to within 0.8 %. Not thread-safe.
class LatencyHistogram {
 public:
  void Record(std::chrono::nanoseconds duration);

  std::int64_t count() const { return count_; }
  // The duration that a share (0 to 1) of the recorded ones does not exceed; 0 when there are none.
  std::chrono::nanoseconds Quantile(double share) const;
  std::chrono::nanoseconds mean() const;
  std::chrono::nanoseconds max() const { return max_; }

 private:
  // Up to 2^8 microseconds exactly; then 2^7 buckets for each doubling, up to 2^46 us (two years).
  static constexpr unsigned kExactBits = 8;
  static constexpr unsigned kMaxBits = 46;
  static constexpr std::size_t kBuckets = (kMaxBits - kExactBits + 2) << (kExactBits - 1);

  static std::size_t BucketOf(std::uint64_t microseconds);
  static std::uint64_t LargestOf(std::size_t bucket);

  std::array<std::int64_t, kBuckets> buckets_ = {};
  std::int64_t count_ = 0;
  std::chrono::nanoseconds sum_{0};
  std::chrono::nanoseconds max_{0};
};

}  // namespace guichet
