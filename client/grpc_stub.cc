#include "client/grpc_stub.h"

#include <utility>

#include "base/status_macros.h"
#include "client/grpc_channel.h"
#include "client/message_mapping.h"
#include "client/rpc_status.h"

namespace guichet {
namespace {

// What gRPC reads and writes while an attempt runs. Its context holds the channel. Who asked may
// end the connection as soon as he has the answer, and then the channel's last holder would be
// gRPC's thread that brought it, which gRPC 1.51 lets wait for itself and run on over freed memory:
// so an attempt is dropped before its `done` is called.
template <typename Request, typename Response>
struct Attempt {
  grpc::ClientContext context;
  Request request;
  Response response;
};

}  // namespace

GrpcStub::GrpcStub(GrpcStubParts parts)
    : token_(std::move(parts.token)),
      classification_(v1::Classification::NewStub(parts.calls)),
      health_(grpc::health::v1::Health::NewStub(parts.health)) {}

void GrpcStub::Classify(std::span<const TicketText> tickets, const ClassifyOptions& options,
                        std::chrono::nanoseconds timeout, ClassifyDone done) {
  auto attempt = std::make_shared<Attempt<v1::ClassifyRequest, v1::ClassifyResponse>>();
  if (const absl::Status status = Prepare(attempt->context, timeout); !status.ok()) {
    return done(status);
  }
  attempt->request = ToRequest(tickets, options);
  auto& [context, request, response] = *attempt;
  classification_->async()->Classify(
      &context, &request, &response,
      [this, attempt, count = tickets.size(),
       done = std::move(done)](const grpc::Status& status) mutable {
        Forget(attempt->context);  // nothing of ours is touched after `done`
        absl::StatusOr<StubReply> reply = status.ok()
                                              ? ToReply(std::move(attempt->response), count)
                                              : absl::StatusOr<StubReply>(FromRpcStatus(status));
        attempt.reset();
        done(std::move(reply));
      });
}

void GrpcStub::CheckHealth(const std::string& service, std::chrono::nanoseconds timeout,
                           HealthDone done) {
  using grpc::health::v1::HealthCheckRequest;
  using grpc::health::v1::HealthCheckResponse;
  auto attempt = std::make_shared<Attempt<HealthCheckRequest, HealthCheckResponse>>();
  if (const absl::Status status = Prepare(attempt->context, timeout); !status.ok()) {
    return done(status);
  }
  attempt->request.set_service(service);
  auto& [context, request, response] = *attempt;
  health_->async()->Check(
      &context, &request, &response,
      [this, attempt, done = std::move(done)](const grpc::Status& status) mutable {
        Forget(attempt->context);
        const absl::StatusOr<ServingState> state =
            status.ok() ? absl::StatusOr<ServingState>(ToServingState(attempt->response.status()))
                        : FromRpcStatus(status);
        attempt.reset();
        done(state);
      });
}

void GrpcStub::CancelAll() {
  MutexLock lock(mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

absl::Status GrpcStub::Prepare(grpc::ClientContext& context, std::chrono::nanoseconds timeout) {
  GUICHET_RETURN_IF_ERROR(PrepareAttempt(context, timeout, token_.get()));
  MutexLock lock(mutex_);
  if (cancelled_) return absl::CancelledError("the connection is being closed");
  running_.insert(&context);
  return absl::OkStatus();
}

void GrpcStub::Forget(grpc::ClientContext& context) {
  MutexLock lock(mutex_);
  running_.erase(&context);
}

}  // namespace guichet
