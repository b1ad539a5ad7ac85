#include "client/retry_budget.h"

#include <algorithm>
#include <chrono>

namespace guichet {

RetryBudget::RetryBudget(const RetryOptions& options, const Clock& clock)
    : ratio_(options.budget_ratio),
      per_second_(options.budget_per_second),
      burst_(options.budget_burst),
      clock_(clock),
      retries_(options.budget_burst),
      filled_(clock.Now()) {}

void RetryBudget::AddCall() {
  MutexLock lock(mutex_);
  retries_ = std::min(burst_, retries_ + ratio_);
}

bool RetryBudget::TryTake() {
  MutexLock lock(mutex_);
  Refill();
  if (retries_ < 1.0) return false;
  retries_ -= 1.0;
  return true;
}

void RetryBudget::Refill() {
  const SteadyTime now = clock_.Now();
  const double seconds = std::chrono::duration<double>(now - filled_).count();
  filled_ = now;
  retries_ = std::min(burst_, retries_ + seconds * per_second_);
}

}  // namespace guichet
