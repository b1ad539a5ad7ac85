#include "server/rpc/watch_job_reactor.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/rpc/training_messages.h"

namespace guichet {
namespace {

// Lines read in one step: what a client that comes back after hours is sent at a time.
constexpr std::size_t kLinesAtOnce = 256;

}  // namespace

grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchJobReactor::Start(
    OperatorEnvironment& environment, MethodMetrics& method,
    const grpc::CallbackServerContext& context, const v1::WatchJobRequest& request) {
  std::shared_ptr<WatchJobReactor> reactor(
      new WatchJobReactor(environment, method, context, request));
  reactor->self_ = reactor;
  reactor->Begin(request);
  return reactor.get();
}

void WatchJobReactor::Begin(const v1::WatchJobRequest& request) {
  // Outside the lock: a server that drains ends the stream at once.
  environment_.streams.Add(self_);
  const MutexLock lock(mutex_);
  if (finished_) return;
  std::optional<CallError> error = guard_.Admit();
  absl::Status status = CheckTrains(environment_);
  if (status.ok() && request.after_sequence() < 0) {
    status = absl::InvalidArgumentError(fmt::format(
        "after_sequence is {}; it must be 0 or the last sequence seen", request.after_sequence()));
  }
  if (!error.has_value() && !status.ok()) error = FromOperatorStatus(status);
  if (error.has_value()) {
    finished_ = true;
    return Finish(guard_.Close(*error));
  }
  environment_.jobs->AddWatcher(job_id_, self_);
  Proceed();
}

WatchJobReactor::WatchJobReactor(OperatorEnvironment& environment, MethodMetrics& method,
                                 const grpc::CallbackServerContext& context,
                                 const v1::WatchJobRequest& request)
    : environment_(environment),
      job_id_(request.job_id()),
      guard_(environment.rpc, method, context),
      sequence_(request.after_sequence()) {}

void WatchJobReactor::OnNews() {
  const MutexLock lock(mutex_);
  news_ = true;
  Proceed();
}

void WatchJobReactor::Drain() {
  EndWith(absl::UnavailableError(
      "the server is draining; watch on with after_sequence when it is back"));
}

void WatchJobReactor::OnCancel() { EndWith(absl::CancelledError("the caller has gone")); }

void WatchJobReactor::EndWith(absl::Status status) {
  const MutexLock lock(mutex_);
  if (!end_.has_value()) end_ = std::move(status);
  Proceed();
}

void WatchJobReactor::OnWriteDone(bool ok) {
  const MutexLock lock(mutex_);
  busy_ = false;
  queue_.pop_front();
  if (!ok && !end_.has_value()) end_ = absl::CancelledError("the caller has gone");
  Proceed();
}

void WatchJobReactor::Proceed() {
  if (busy_ || finished_) return;
  if (end_.has_value()) return FinishNow(*end_);
  if (!queue_.empty()) {
    busy_ = true;
    return StartWrite(&queue_.front());
  }
  if (last_queued_) return FinishNow(absl::OkStatus());
  if (!news_) return;
  news_ = false;
  busy_ = true;
  if (environment_.reads.Post(1, [self = self_] { self->Read(); })) return;
  FinishNow(absl::UnavailableError(
      "too many calls of operators wait; watch on with after_sequence later"));
}

void WatchJobReactor::Read() {
  std::int64_t sequence = 0;
  {
    const MutexLock lock(mutex_);
    sequence = sequence_;
  }
  // Without the lock, which callbacks take. The state first: once it says that the job has ended,
  // its progress is all there.
  const absl::StatusOr<JobView> view = environment_.jobs->Get(job_id_);
  std::vector<JobProgress> lines;
  if (view.ok()) lines = environment_.jobs->Progress(job_id_, sequence, kLinesAtOnce);
  const MutexLock lock(mutex_);
  busy_ = false;
  if (view.ok()) {
    Queue(*view, lines);
  } else if (!end_.has_value()) {
    end_ = view.status();
  }
  Proceed();
}

void WatchJobReactor::Queue(const JobView& view, const std::vector<JobProgress>& lines) {
  for (const JobProgress& line : lines) {
    ToMessage(line, queue_.emplace_back().mutable_progress());
    sequence_ = line.sequence;
  }
  if (lines.size() == kLinesAtOnce) {
    news_ = true;  // there may be more
    return;
  }
  if (state_ == view.record.state) return;
  state_ = view.record.state;
  ToMessage(view.record, /*whole=*/true, queue_.emplace_back().mutable_job());
  last_queued_ = HasEnded(view.record.state);
}

void WatchJobReactor::FinishNow(const absl::Status& status) {
  finished_ = true;
  Finish(status.ok() ? guard_.Close() : guard_.Close(FromOperatorStatus(status)));
}

void WatchJobReactor::OnDone() {
  environment_.streams.Remove(this);
  self_.reset();
}

}  // namespace guichet
