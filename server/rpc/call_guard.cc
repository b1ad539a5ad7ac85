#include "server/rpc/call_guard.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <string_view>

#include <fmt/format.h>

#include "base/random.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

std::optional<SteadyTime> DeadlineOf(const grpc::CallbackServerContext& context, SteadyTime now) {
  // A call without a deadline has one at the end of time; sums with it would overflow.
  const auto remaining = context.deadline() - std::chrono::system_clock::now();
  if (remaining > std::chrono::hours(24)) return std::nullopt;
  return now + remaining;
}

}  // namespace

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string MakeRequestId() {
  thread_local Random random((std::uint64_t{std::random_device{}()} << 32U) |
                             std::random_device{}());
  return fmt::format("{:016x}", random.Next());
}

CallGuard::CallGuard(RpcEnvironment& environment, MethodMetrics& method,
                     const grpc::CallbackServerContext& context)
    : environment_(environment),
      method_(method),
      context_(context),
      arrival_(environment.clock.Now()),
      deadline_(DeadlineOf(context, arrival_)) {
  method_.OnStart();
}

SteadyTime CallGuard::DeadlineFrom(SteadyTime start) const {
  return deadline_.value_or(start + environment_.options.default_deadline);
}

std::optional<CallError> CallGuard::Admit() {
  slot_ = environment_.peers.Enter(context_.peer());
  if (slot_) return std::nullopt;
  environment_.metrics.OnRejected("too_many_calls", 1);
  CallError error = FromStatus(
      absl::ResourceExhaustedError(fmt::format(
          "limits.in_flight_per_connection: this connection has {} calls in flight, the most "
          "allowed; wait for answers or send more texts in one call",
          environment_.peers.max_in_flight())),
      environment_.pipeline.EstimatedWait());
  error.reason = "TOO_MANY_CALLS";
  error.quota_subject = "connection:" + context_.peer();
  return error;
}

std::optional<CallError> CallGuard::Hold(std::size_t bytes) {
  bytes_ = environment_.bytes.Take(bytes);
  if (bytes_) return std::nullopt;
  environment_.metrics.OnRejected("in_flight_bytes", 1);
  CallError error = FromStatus(
      absl::ResourceExhaustedError(fmt::format(
          "limits.in_flight_bytes: the calls in flight hold {} of {} bytes, and this one "
          "has {}; retry later",
          environment_.bytes.used(), environment_.bytes.limit(), bytes)),
      environment_.pipeline.EstimatedWait());
  error.reason = "IN_FLIGHT_BYTES";
  return error;
}

const std::string& CallGuard::request_id() {
  if (!request_id_.empty()) return request_id_;
  const auto given = context_.client_metadata().find("x-request-id");
  if (given != context_.client_metadata().end()) {
    const std::string_view id(given->second.data(), given->second.size());
    if (IsRequestId(id)) request_id_ = id;
  }
  if (request_id_.empty()) request_id_ = MakeRequestId();
  return request_id_;
}

void CallGuard::Record(absl::StatusCode code, const std::string& reason,
                       const std::string& detail) {
  const auto duration = environment_.clock.Now() - arrival_;
  method_.OnEnd(code, duration);
  slot_ = PeerLimits::Slot();
  bytes_ = ByteBudget::Share();
  const LogLevel level = detail.empty() ? LogLevel::kDebug : LogLevel::kError;
  if (!LogEnabled(level)) return;
  Log(level, "call",
      {{"request_id", request_id()},
       {"service", method_.service()},
       {"method", method_.method()},
       {"peer", context_.peer()},
       {"code", CodeName(code)},
       {"reason", reason},
       {"detail", detail},
       {"seconds", std::chrono::duration<double>(duration).count()}});
}

grpc::Status CallGuard::Close(const std::string& internal_detail) {
  Record(absl::StatusCode::kOk, {}, internal_detail);
  return grpc::Status::OK;
}

grpc::Status CallGuard::Close(const CallError& error) {
  Record(error.code, error.reason, error.log_detail);
  return ToGrpcStatus(error, request_id());
}

}  // namespace guichet
