#pragma once

#include "base/clock.h"
#include "base/mutex.h"
#include "client/retry_policy.h"

namespace guichet {

// Bounds the retries of all calls together: a token bucket that calls and time fill and retries
// empty. It starts full. Safe from any thread.
class RetryBudget {
 public:
  RetryBudget(const RetryOptions& options, const Clock& clock);

  // A new call, which earns a share of a retry.
  void AddCall();
  // Takes one retry out; false when there is none.
  bool TryTake();

 private:
  void Refill() GUICHET_REQUIRES(mutex_);

  const double ratio_;
  const double per_second_;
  const double burst_;
  const Clock& clock_;

  Mutex mutex_;
  double retries_ GUICHET_GUARDED_BY(mutex_);
  SteadyTime filled_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
