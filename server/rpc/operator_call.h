#pragma once

#include <functional>
#include <utility>

#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "server/rpc/call_guard.h"
#include "server/rpc/operator_environment.h"

namespace guichet {

// One unary call of an operator: its work blocks on the disk, so it runs on a pool's thread. What
// has begun is finished even when the caller has gone. Owns itself from Start until OnDone.
class OperatorCall final : public grpc::ServerUnaryReactor {
 public:
  // Reads the request and fills the response; both live until the call is finished.
  using Work = std::function<absl::Status()>;

  static grpc::ServerUnaryReactor* Start(RpcEnvironment& environment, WorkPool& pool,
                                         MethodMetrics& method,
                                         const grpc::CallbackServerContext& context, Work work) {
    auto* call = new OperatorCall(environment, method, context, std::move(work));
    std::optional<CallError> error = call->guard_.Admit();
    if (!error.has_value() && !pool.Post(1, [call] { call->Run(); })) {
      error = FromOperatorStatus(
          absl::ResourceExhaustedError("too many calls of operators wait; try again later"));
    }
    if (error.has_value()) call->Finish(call->guard_.Close(*error));
    return call;
  }

  void OnDone() override { delete this; }

 private:
  OperatorCall(RpcEnvironment& environment, MethodMetrics& method,
               const grpc::CallbackServerContext& context, Work work)
      : guard_(environment, method, context), work_(std::move(work)) {}

  // The last act of this object: gRPC may delete it as soon as Finish is called.
  void Run() {
    const absl::Status status = work_();
    Finish(status.ok() ? guard_.Close() : guard_.Close(FromOperatorStatus(status)));
  }

  CallGuard guard_;
  const Work work_;
};

}  // namespace guichet
