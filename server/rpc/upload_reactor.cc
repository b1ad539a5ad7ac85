#include "server/rpc/upload_reactor.h"

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

absl::Status ServerDrains() {
  return absl::UnavailableError(
      "the server is draining; what came is kept: ask with a header alone where to go on when it "
      "is "
      "back");
}

}  // namespace

grpc::ServerReadReactor<v1::UploadDatasetRequest>* UploadReactor::Start(
    OperatorEnvironment& environment, MethodMetrics& method,
    const grpc::CallbackServerContext& context, v1::UploadDatasetResponse* response) {
  std::shared_ptr<UploadReactor> reactor(new UploadReactor(environment, method, context, response));
  reactor->self_ = reactor;
  reactor->Begin();
  return reactor.get();
}

UploadReactor::UploadReactor(OperatorEnvironment& environment, MethodMetrics& method,
                             const grpc::CallbackServerContext& context,
                             v1::UploadDatasetResponse* response)
    : environment_(environment), response_(response), guard_(environment.rpc, method, context) {}

void UploadReactor::Begin() {
  environment_.streams.Add(self_);
  {
    const MutexLock lock(mutex_);
    std::optional<CallError> error = guard_.Admit();
    const absl::Status trains = CheckTrains(environment_);
    if (!error.has_value() && !trains.ok()) error = FromOperatorStatus(trains);
    if (error.has_value()) {
      finished_ = true;
      return Finish(guard_.Close(*error));
    }
    WatchIdle(environment_.upload_idle_timeout);
  }
  Read();
}

void UploadReactor::OnReadDone(bool ok) {
  {
    const MutexLock lock(mutex_);
    reading_ = false;
    if (finished_) return;  // the time was up, or the server drains
  }
  Post(ok ? &UploadReactor::TakeMessage : &UploadReactor::TakeEnd);
}

void UploadReactor::Post(void (UploadReactor::*step)()) {
  if (environment_.reads.Post(1, [self = shared_from_this(), step] { (self.get()->*step)(); })) {
    return;
  }
  End(absl::ResourceExhaustedError("too many calls of operators wait; try again later"));
}

void UploadReactor::TakeMessage() {
  if (const absl::Status status = Store(); !status.ok()) return End(status);
  // A data set that is there already needs no bytes: the caller learns it at once.
  if (response_->complete()) return End(absl::OkStatus());
  Read();
}

void UploadReactor::TakeEnd() { End(Answer()); }

void UploadReactor::Read() {
  const MutexLock lock(mutex_);
  if (draining_) return EndNow(ServerDrains());
  reading_ = true;
  reading_since_ = environment_.rpc.clock.Now();
  StartRead(&message_);
}

void UploadReactor::Drain() {
  const MutexLock lock(mutex_);
  draining_ = true;
  if (reading_) EndNow(ServerDrains());
}

void UploadReactor::WatchIdle(std::chrono::nanoseconds delay) {
  const auto until = std::chrono::system_clock::now() +
                     std::chrono::duration_cast<std::chrono::system_clock::duration>(delay);
  idle_watch_ = std::make_unique<grpc::Alarm>();
  // A watch that is cancelled comes late, perhaps after the server's end: it keeps nothing alive.
  idle_watch_->Set(until, [weak = weak_from_this()](bool) {
    if (const std::shared_ptr<UploadReactor> self = weak.lock()) self->OnIdleWatch();
  });
}

void UploadReactor::OnIdleWatch() {
  const MutexLock lock(mutex_);
  if (finished_) return;
  const std::chrono::nanoseconds limit = environment_.upload_idle_timeout;
  const std::chrono::nanoseconds idle =
      reading_ ? environment_.rpc.clock.Now() - reading_since_ : std::chrono::nanoseconds(0);
  if (idle < limit) return WatchIdle(limit - idle);
  EndNow(absl::DeadlineExceededError(fmt::format(
      "no message of this upload came for {} ms (training.upload_idle_timeout); what came is kept: "
      "ask with a header alone where to go on",
      environment_.upload_idle_timeout.count())));
}

absl::Status UploadReactor::Store() {
  if (message_.has_header() == (upload_ != nullptr)) {
    return absl::InvalidArgumentError(upload_ == nullptr
                                          ? "header: the first message must be the header"
                                          : "header: only the first message may be one");
  }
  if (upload_ != nullptr) return upload_->Append(message_.data());
  const v1::UploadHeader& header = message_.header();
  GUICHET_ASSIGN_OR_RETURN(upload_, environment_.datasets->Begin({.sha256 = header.sha256(),
                                                                  .size = header.size(),
                                                                  .offset = header.offset(),
                                                                  .name = header.name()}));
  response_->set_dataset_id(header.sha256());
  response_->set_complete(upload_->complete());
  response_->set_committed_bytes(upload_->complete() ? header.size() : 0);
  return absl::OkStatus();
}

absl::Status UploadReactor::Answer() {
  if (upload_ == nullptr) {
    return absl::InvalidArgumentError("header: the first message must be the header; none came");
  }
  GUICHET_ASSIGN_OR_RETURN(const UploadState state, upload_->Finish());
  response_->set_committed_bytes(state.committed_bytes);
  response_->set_complete(state.complete);
  return absl::OkStatus();
}

void UploadReactor::End(const absl::Status& status) {
  const MutexLock lock(mutex_);
  EndNow(status);
}

void UploadReactor::EndNow(const absl::Status& status) {
  if (finished_) return;
  finished_ = true;
  idle_watch_->Cancel();
  upload_.reset();  // before the caller learns of the end: he may go on at once
  Finish(status.ok() ? guard_.Close() : guard_.Close(FromOperatorStatus(status)));
}

void UploadReactor::OnDone() {
  environment_.streams.Remove(this);
  self_.reset();
}

}  // namespace guichet
