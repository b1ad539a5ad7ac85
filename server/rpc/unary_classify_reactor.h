#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <google/protobuf/arena.h>
#include <grpcpp/support/server_callback.h>

#include "server/rpc/call_guard.h"
#include "server/rpc/classify_call.h"
#include "server/rpc/message_codec.h"

namespace guichet {

// What a protocol may tell of a call beside its answer.
struct CallStamp {
  CallGuard& guard;                // knows the request's id, which costs something to ask for
  std::chrono::nanoseconds total;  // since arrival
};

// One unary call that classifies texts, for any protocol P that has
//   P::Request, P::Response;
//   static std::optional<CallError> P::Read(const Request&, ClassifyParams*);
//   static void P::Write(const Request&, const ClassifyAnswer&, const CallStamp&, Response*);
// Owns itself from Start until OnDone. Finishes exactly once: with what ClassifyCall says, or at
// once with why the call was not taken.
template <typename P>
class UnaryClassifyReactor final : public grpc::ServerUnaryReactor {
 public:
  static grpc::ServerUnaryReactor* Start(RpcEnvironment& environment, MethodMetrics& method,
                                         const grpc::CallbackServerContext& context,
                                         const grpc::ByteBuffer& request,
                                         grpc::ByteBuffer* response) {
    auto* reactor = new UnaryClassifyReactor(environment, method, context, response);
    if (std::optional<CallError> error = reactor->Begin(request)) {
      reactor->Finish(reactor->guard_.Close(*error));
    }
    return reactor;
  }

  // gRPC calls these only after Start has returned.
  void OnCancel() override {
    if (call_ == nullptr) return;  // refused; its status is on the way
    call_->Cancel();
    environment_.metrics.CountAbandonedCall();
  }
  void OnDone() override { delete this; }
  // gRPC's own switch: the two reactions above neither block nor call gRPC, so they need no trip
  // through its executor, which costs each call a change of threads.
  bool InternalInlineable() override { return true; }

 private:
  // Holds most single-ticket calls without asking the allocator.
  static constexpr std::size_t kFirstBlockBytes = 2048;

  UnaryClassifyReactor(RpcEnvironment& environment, MethodMetrics& method,
                       const grpc::CallbackServerContext& context, grpc::ByteBuffer* response)
      : environment_(environment),
        guard_(environment, method, context),
        response_bytes_(response),
        arena_(first_block_.data(), first_block_.size()) {}

  std::optional<CallError> Begin(const grpc::ByteBuffer& request) {
    if (std::optional<CallError> error = guard_.Admit()) return error;
    if (std::optional<CallError> error = guard_.Hold(request.Length())) return error;
    request_ = google::protobuf::Arena::CreateMessage<typename P::Request>(&arena_);
    if (!ParseMessage(request, request_)) return MalformedRequest();
    ClassifyParams params;
    params.arrival = guard_.arrival();
    params.deadline = guard_.DeadlineFrom(guard_.arrival());
    if (std::optional<CallError> error = P::Read(*request_, &params)) return error;
    call_ = ClassifyCall::Start(environment_, std::move(params),
                                [this](ClassifyAnswer& answer) { OnAnswer(answer); });
    return std::nullopt;
  }

  // The last act of this object: gRPC may delete it as soon as Finish is called.
  void OnAnswer(const ClassifyAnswer& answer) {
    if (answer.error.has_value()) return Finish(guard_.Close(*answer.error));
    auto* response = google::protobuf::Arena::CreateMessage<typename P::Response>(&arena_);
    P::Write(*request_, answer, {guard_, environment_.clock.Now() - guard_.arrival()}, response);
    SerializeMessage(*response, response_bytes_);
    Finish(guard_.Close(InternalDetail(answer)));
  }

  RpcEnvironment& environment_;
  CallGuard guard_;
  grpc::ByteBuffer* const response_bytes_;
  alignas(std::max_align_t) std::array<char, kFirstBlockBytes> first_block_;
  google::protobuf::Arena arena_;
  typename P::Request* request_ = nullptr;
  std::shared_ptr<ClassifyCall> call_;
};

}  // namespace guichet
