#include "client/retry_policy.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <fmt/format.h>

#include "client/error_details.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

absl::Status CheckNumber(const char* field, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("retry.{} is {}; it must lie in [{}, {}]", field, value, low, high));
}

// Longest wait after `attempts` attempts, without jitter.
nanoseconds LongestBackoff(const RetryOptions& options, int attempts) {
  const double growth = std::pow(options.backoff_multiplier, attempts - 1);
  const double wanted = static_cast<double>(nanoseconds(options.initial_backoff).count()) * growth;
  const double limit = static_cast<double>(nanoseconds(options.max_backoff).count());
  return nanoseconds(static_cast<nanoseconds::rep>(std::min(wanted, limit)));
}

nanoseconds Scaled(nanoseconds duration, double factor) {
  return nanoseconds(static_cast<nanoseconds::rep>(static_cast<double>(duration.count()) * factor));
}

}  // namespace

absl::Status RetryOptions::Validate() const {
  const auto count = [](milliseconds duration) { return static_cast<double>(duration.count()); };
  for (const absl::Status& status : {
           CheckNumber("max_attempts", max_attempts, 1, 100),
           CheckNumber("initial_backoff in ms", count(initial_backoff), 1, 60'000),
           CheckNumber("backoff_multiplier", backoff_multiplier, 1, 10),
           CheckNumber("max_backoff in ms", count(max_backoff), count(initial_backoff), 600'000),
           CheckNumber("budget_ratio", budget_ratio, 0, 10),
           CheckNumber("budget_per_second", budget_per_second, 0, 1e6),
           CheckNumber("budget_burst", budget_burst, 1, 1e6),
       }) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

bool IsRetryable(const absl::Status& error) {
  if (error.code() == absl::StatusCode::kUnavailable) return true;
  return error.code() == absl::StatusCode::kResourceExhausted && RetryDelay(error).has_value();
}

std::optional<nanoseconds> RetryDelayAfter(const RetryOptions& options, const absl::Status& error,
                                           int attempts, nanoseconds time_left, double uniform) {
  if (!IsRetryable(error) || attempts >= options.max_attempts) return std::nullopt;
  const nanoseconds longest = LongestBackoff(options, attempts);
  nanoseconds delay = Scaled(longest, 0.5 + 0.5 * uniform);
  if (const std::optional<nanoseconds> told = RetryDelay(error); told.has_value()) {
    if (*told >= time_left) return std::nullopt;  // also keeps the sum below from overflowing
    // Callers told the same time must not all come back in the same moment.
    delay = std::max(delay, *told + Scaled(std::max(longest, *told / 2), 0.5 * uniform));
  }
  if (delay >= time_left) return std::nullopt;
  return delay;
}

std::uint64_t JitterSeed() {
  std::random_device entropy;
  return (std::uint64_t{entropy()} << 32U) | entropy();
}

}  // namespace guichet
