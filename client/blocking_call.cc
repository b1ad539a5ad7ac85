#include "client/blocking_call.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/error_details.h"
#include "client/grpc_channel.h"

namespace guichet {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kPollInterval{50};

absl::Status StoppedError() { return absl::CancelledError("stopped before the answer came"); }

// Cancels an attempt when `stop` turns true while it runs: a signal handler may not do so itself.
class CancelOnStop {
 public:
  CancelOnStop(grpc::ClientContext& context, const std::function<bool()>& stop) {
    if (stop) thread_ = std::thread([this, &context, &stop] { Watch(context, stop); });
  }
  ~CancelOnStop() {
    {
      MutexLock lock(mutex_);
      over_ = true;
      changed_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
  }
  CancelOnStop(const CancelOnStop&) = delete;
  CancelOnStop& operator=(const CancelOnStop&) = delete;

 private:
  void Watch(grpc::ClientContext& context, const std::function<bool()>& stop) {
    MutexLock lock(mutex_);
    while (!over_) {
      if (stop()) return context.TryCancel();
      changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kPollInterval);
    }
  }

  Mutex mutex_;
  ConditionVariable changed_;
  bool over_ GUICHET_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlockingCalls>> BlockingCalls::Make(const ClientOptions& options,
                                                                   std::function<bool()> stop) {
  GUICHET_ASSIGN_OR_RETURN(std::unique_ptr<TokenFile> token, OpenTokenFile(options.token_file));
  return std::unique_ptr<BlockingCalls>(
      new BlockingCalls(options.retry, std::move(token), std::move(stop)));
}

BlockingCalls::BlockingCalls(const RetryOptions& retry, std::unique_ptr<TokenFile> token,
                             std::function<bool()> stop)
    : stop_(std::move(stop)),
      token_(std::move(token)),
      budget_(retry, clock_),
      random_(JitterSeed()) {}

void BlockingCalls::Sleep(nanoseconds delay) {
  const SteadyTime end = clock_.Now() + delay;
  MutexLock lock(mutex_);
  for (SteadyTime now = clock_.Now(); now < end && !Stopped(); now = clock_.Now()) {
    clock_.WaitUntil(mutex_, never_, std::min<SteadyTime>(end, now + kPollInterval));
  }
}

BlockingCall::BlockingCall(BlockingCalls& calls, const RetryOptions& retry, nanoseconds timeout)
    : calls_(calls), retry_(retry), timeout_(timeout), deadline_(calls.clock_.Now() + timeout) {
  calls_.budget_.AddCall();
}

absl::Status BlockingCall::Run(const Work& work) {
  while (true) {
    absl::Status status = Attempt(TimeLeft(), work);
    if (status.ok()) return status;
    GUICHET_RETURN_IF_ERROR(WaitAfter(status, IsRetryable(status)));
  }
}

absl::Status BlockingCall::Attempt(nanoseconds timeout, const Work& work) {
  if (calls_.Stopped()) return StoppedError();
  grpc::ClientContext context;
  GUICHET_RETURN_IF_ERROR(PrepareAttempt(context, timeout, calls_.token_.get()));
  const CancelOnStop guard(context, calls_.stop_);
  return work(context);
}

absl::Status BlockingCall::WaitAfter(const absl::Status& error, bool passing) {
  if (calls_.Stopped()) return StoppedError();
  ++failed_attempts_;
  std::string note;
  std::optional<nanoseconds> delay;
  if (passing) {
    const absl::Status judged = IsRetryable(error) ? error : absl::UnavailableError("");
    delay = RetryDelayAfter(retry_, judged, failed_attempts_, TimeLeft(), calls_.random_.Uniform());
  }
  if (delay.has_value()) {
    if (calls_.budget_.TryTake()) {
      calls_.Sleep(*delay);
      return calls_.Stopped() ? StoppedError() : absl::OkStatus();
    }
    note = "the retry budget is used up, ";
  }
  if (failed_attempts_ == 1) return error;
  return Annotated(error, fmt::format("{}{} attempts", note, failed_attempts_));
}

void BlockingCall::Restart() {
  failed_attempts_ = 0;
  RestartTime();
}

}  // namespace guichet
