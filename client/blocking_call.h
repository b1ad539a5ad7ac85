#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <grpcpp/client_context.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/random.h"
#include "client/client_options.h"
#include "client/retry_budget.h"
#include "client/token_file.h"

namespace guichet {

// What the blocking calls of one client share: token, retry budget, jitter, and the question
// whether to stop. For one call at a time.
class BlockingCalls {
 public:
  // stop: polled while a call is under way or waits; may be empty. Errors as OpenTokenFile.
  static absl::StatusOr<std::unique_ptr<BlockingCalls>> Make(const ClientOptions& options,
                                                             std::function<bool()> stop);

  bool Stopped() const { return stop_ && stop_(); }

 private:
  friend class BlockingCall;

  BlockingCalls(const RetryOptions& retry, std::unique_ptr<TokenFile> token,
                std::function<bool()> stop);
  // Returns early when stopped.
  void Sleep(std::chrono::nanoseconds delay);

  const std::function<bool()> stop_;
  const std::unique_ptr<TokenFile> token_;  // null: no token is sent
  const Clock& clock_ = Clock::System();
  RetryBudget budget_;
  Random random_;

  Mutex mutex_;
  ConditionVariable never_;  // what Sleep waits on
};

// Whether a stream may have met its deadline. The server's may strike a moment before the client's,
// which then sees CANCELLED.
inline bool EndedByTime(const absl::Status& error) {
  return absl::IsDeadlineExceeded(error) || absl::IsCancelled(error);
}

// One call that holds its thread, on its way through its attempts: the policy and the budget of
// RetryingConnection, where attempts are whatever the caller runs. Ends with CANCELLED within
// 100 ms of being stopped. Not thread-safe; `calls` outlives it.
class BlockingCall {
 public:
  using Work = std::function<absl::Status(grpc::ClientContext& context)>;

  // timeout: for all attempts and the waits between them.
  BlockingCall(BlockingCalls& calls, const RetryOptions& retry, std::chrono::nanoseconds timeout);

  // Attempts until one succeeds or must be the last; returns its error.
  absl::Status Run(const Work& work);

  // For calls whose attempts differ. One attempt of at most `timeout`:
  absl::Status Attempt(std::chrono::nanoseconds timeout, const Work& work);
  // Waits for the next attempt after one that failed with `error`; OK: go on. Else what to return:
  // the error with the attempts told, or CANCELLED. passing: of a kind that another attempt may not
  // meet.
  absl::Status WaitAfter(const absl::Status& error, bool passing);
  // The call got on: time and attempts count anew. RestartTime: the time alone, behind an attempt
  // that had its own.
  void Restart();
  void RestartTime() { deadline_ = calls_.clock_.Now() + timeout_; }
  std::chrono::nanoseconds TimeLeft() const { return deadline_ - calls_.clock_.Now(); }

 private:
  BlockingCalls& calls_;
  const RetryOptions retry_;
  const std::chrono::nanoseconds timeout_;
  SteadyTime deadline_;
  int failed_attempts_ = 0;
};

}  // namespace guichet
