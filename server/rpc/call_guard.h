#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <grpcpp/server_context.h>

#include "server/rpc/call_error.h"
#include "server/rpc/peer_limits.h"
#include "server/rpc/rpc_environment.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {

// What surrounds every call whatever it does: who calls, until when, under which id; its place
// among the connection's calls; at the end its status, metrics and log line. One a call, made when
// the call arrives; used by one thread at a time.
class CallGuard {
 public:
  CallGuard(RpcEnvironment& environment, MethodMetrics& method,
            const grpc::CallbackServerContext& context);
  CallGuard(const CallGuard&) = delete;
  CallGuard& operator=(const CallGuard&) = delete;

  // Takes the call's place among its connection's calls, or says why not.
  std::optional<CallError> Admit();
  // Counts the request's bytes among those in flight until Close, or says why not.
  std::optional<CallError> Hold(std::size_t bytes);

  SteadyTime arrival() const { return arrival_; }
  // The caller's; for calls without, the default time from `start`.
  SteadyTime DeadlineFrom(SteadyTime start) const;
  // The caller's x-request-id when it is short and printable, else one made here.
  const std::string& request_id();

  // Ends the call in metrics and log and frees its place; returns what to finish it with. Once.
  // `internal_detail`: why texts of it failed on our side, for the log.
  grpc::Status Close(const std::string& internal_detail = {});
  grpc::Status Close(const CallError& error);

 private:
  void Record(absl::StatusCode code, const std::string& reason, const std::string& detail);

  RpcEnvironment& environment_;
  MethodMetrics& method_;
  const grpc::CallbackServerContext& context_;
  const SteadyTime arrival_;
  const std::optional<SteadyTime> deadline_;  // the caller's
  std::string request_id_;                    // empty until asked for
  PeerLimits::Slot slot_;
  ByteBudget::Share bytes_;
};

// Ids of requests, given by callers: 1 to kMaxRequestIdBytes printable ASCII characters, no spaces.
inline constexpr std::size_t kMaxRequestIdBytes = 128;
bool IsRequestId(std::string_view text);
// A new random id of 16 hexadecimal digits.
std::string MakeRequestId();

}  // namespace guichet
