#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace guichet {

// When and how often a call is tried again.
struct RetryOptions {
  // Attempts of one call, the first included; 1: never retries. 1 to 100. The default's waits add
  // up to 6 s and more, so that a server's restart fits between them; a call's deadline ends it
  // sooner, and the budget below is what protects a server that is down.
  int max_attempts = 12;
  // Longest wait before the second attempt, and how it grows up to max_backoff. The wait is drawn
  // from the upper half of [0, longest]. 1 ms to 1 min; 1 to 10; initial_backoff to 10 min.
  std::chrono::milliseconds initial_backoff{50};
  double backoff_multiplier = 2.0;
  std::chrono::milliseconds max_backoff{2'000};
  // The budget shared by all calls of a connection: each call adds budget_ratio retries, each
  // second adds budget_per_second, and at most budget_burst are saved up. It keeps clients from
  // multiplying the load of a server that is down. 0 to 10; 0 to 1e6; 1 to 1e6.
  double budget_ratio = 0.2;
  double budget_per_second = 10.0;
  double budget_burst = 500.0;

  absl::Status Validate() const;
};

// True for UNAVAILABLE (draining, not loaded, connection lost), and for RESOURCE_EXHAUSTED when the
// server says when to come back (RetryInfo); without it a limit was hit that time does not lift.
// Classification changes nothing on the server, so repeating is always safe.
bool IsRetryable(const absl::Status& error);

// The wait before the next attempt after `attempts` attempts, the last of which failed with
// `error`; nothing when there must not be one: not retryable, attempts used up, or the wait would
// outlast `time_left`. Never shorter than the error's RetryInfo. `uniform` in [0, 1) is the jitter.
std::optional<std::chrono::nanoseconds> RetryDelayAfter(const RetryOptions& options,
                                                        const absl::Status& error, int attempts,
                                                        std::chrono::nanoseconds time_left,
                                                        double uniform);

// Another one in each process: many clients that lost the same server must not come back in step.
std::uint64_t JitterSeed();

}  // namespace guichet
