#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace guichet {

// A field of the request that is refused.
struct FieldViolation {
  std::string field;        // a path such as tickets[3].body
  std::string description;  // the bound and the remedy
};

// Why a call, or one of its texts, has no answer: what travels to the client as a status with
// google.rpc details. A plain value.
struct CallError {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string message;
  std::string reason;  // ErrorInfo.reason, UPPER_SNAKE_CASE
  std::vector<FieldViolation> violations;
  std::optional<std::chrono::nanoseconds> retry_after;
  std::string missing_model;  // NAME or NAME/VERSION that was asked for and is not loaded
  std::string quota_subject;  // who used up a share of its own: connection:PEER
  std::string log_detail;     // what INTERNAL hides from clients; for the log
};

// INVALID_ARGUMENT for one field; the message is "<field>: <description>".
CallError InvalidField(std::string reason, std::string field, std::string description);

// From a status of the registry, the tokenizer or the pipeline; the reason follows from the code.
// Overload and UNAVAILABLE get RetryInfo: `estimated_wait`, within what a client should wait. What
// INTERNAL says stays in the server's log.
CallError FromStatus(const absl::Status& status, std::chrono::nanoseconds estimated_wait);

// For operators' calls: the status as it is, since its reader runs the server. The reason is the
// code's name; what the server itself failed at is logged too.
CallError FromOperatorStatus(const absl::Status& status);

// From a status of the registry: FromStatus, with the model that was asked for when it is
// NOT_FOUND.
CallError UnknownModel(const absl::Status& status, std::string_view name, std::int64_t version);

// Trailers above 8 KiB are refused by clients, so violations and message are cut.
inline constexpr std::size_t kMaxViolations = 20;
inline constexpr std::size_t kMaxMessageBytes = 512;

// The status with ErrorInfo always; BadRequest, ResourceInfo, QuotaFailure and RetryInfo where they
// apply.
void ToRpcStatus(const CallError& error, std::string_view request_id, google::rpc::Status* status);
grpc::Status ToGrpcStatus(const CallError& error, std::string_view request_id);

}  // namespace guichet
