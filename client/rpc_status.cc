#include "client/rpc_status.h"

#include <string>

#include <fmt/format.h>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"

namespace guichet {
namespace {

// Codes outside gRPC's range come from a broken peer.
absl::StatusCode CodeOf(int code) {
  if (code >= 0 && code <= 16) return static_cast<absl::StatusCode>(code);
  return absl::StatusCode::kUnknown;
}

std::string FieldViolations(const google::rpc::Status& status) {
  std::string text;
  for (const auto& detail : status.details()) {
    google::rpc::BadRequest bad;
    if (!detail.Is<google::rpc::BadRequest>() || !detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", violation.field(),
                          violation.description());
    }
  }
  return text;
}

}  // namespace

absl::Status FromRpcStatus(const google::rpc::Status& status) {
  if (status.code() == 0) return absl::OkStatus();
  std::string message = status.message();
  // A server that already says it in words is not repeated.
  const std::string violations = FieldViolations(status);
  if (!violations.empty() && message.find(violations) == std::string::npos) {
    message += message.empty() ? violations : " [" + violations + "]";
  }
  absl::Status converted(CodeOf(status.code()), message);
  for (const auto& detail : status.details()) {
    converted.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return converted;
}

absl::Status FromRpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status detailed;
  if (!status.error_details().empty() && detailed.ParseFromString(status.error_details()) &&
      detailed.code() == static_cast<int>(status.error_code())) {
    return FromRpcStatus(detailed);
  }
  return absl::Status(CodeOf(static_cast<int>(status.error_code())), status.error_message());
}

}  // namespace guichet
