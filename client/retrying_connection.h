#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/random.h"
#include "client/connection.h"
#include "client/retry_budget.h"
#include "client/retry_policy.h"
#include "client/sleeper.h"
#include "client/stub.h"

namespace guichet {

// What a RetryingConnection works with; tests pass fakes.
struct RetryingConnectionParts {
  std::unique_ptr<Stub> stub;
  std::unique_ptr<Sleeper> sleeper;
  const Clock* clock = &Clock::System();
  std::uint64_t jitter_seed = 0;
};

// The retry loop around a Stub: repeats a call, or only those of its tickets that failed for a
// passing reason, within the call's deadline and the budget all calls share. Safe from any thread.
// The destructor ends all calls with CANCELLED and waits for their callbacks.
class RetryingConnection final : public Connection {
 public:
  RetryingConnection(const RetryOptions& retry, std::chrono::milliseconds default_timeout,
                     RetryingConnectionParts parts);
  ~RetryingConnection() override;

  void Classify(ClassifyCall call, ClassifyCallback done) override;
  void CheckHealth(const HealthCall& call, HealthCallback done) override;

 private:
  class Operation;

  double Jitter();
  void Enter();
  void Leave();

  const RetryOptions retry_;
  const std::chrono::milliseconds default_timeout_;
  const Clock& clock_;
  const std::unique_ptr<Stub> stub_;
  const std::unique_ptr<Sleeper> sleeper_;
  RetryBudget budget_;

  Mutex mutex_;
  ConditionVariable left_;
  Random random_ GUICHET_GUARDED_BY(mutex_);
  int in_flight_ GUICHET_GUARDED_BY(mutex_) = 0;
};

}  // namespace guichet
