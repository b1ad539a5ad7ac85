#include "server/rpc/call_error.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "google/rpc/error_details.pb.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Sooner makes retries a load of their own, later leaves the server idle after a burst.
constexpr nanoseconds kShortestRetry = milliseconds(20);
constexpr nanoseconds kLongestRetry = milliseconds(5000);
constexpr std::size_t kMaxFieldBytes = 64;
constexpr std::size_t kMaxDescriptionBytes = 128;

// Cuts at a boundary of UTF-8 characters, as protobuf strings must stay UTF-8.
std::string Cut(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  std::size_t end = max_bytes - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string_view ReasonOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
      return "CALLER_GONE";
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_REQUEST";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_TOO_SHORT";
    case absl::StatusCode::kNotFound:
      return "UNKNOWN_MODEL";
    case absl::StatusCode::kResourceExhausted:
      return "OVERLOADED";
    case absl::StatusCode::kUnavailable:
      return "NOT_SERVING";
    default:
      return "MODEL_FAILED";
  }
}

bool WorthRetrying(absl::StatusCode code) {
  return code == absl::StatusCode::kResourceExhausted || code == absl::StatusCode::kUnavailable;
}

void AddBadRequest(const CallError& error, google::rpc::Status* status) {
  google::rpc::BadRequest details;
  const std::size_t shown = std::min(error.violations.size(), kMaxViolations);
  for (std::size_t i = 0; i < shown; ++i) {
    auto* violation = details.add_field_violations();
    violation->set_field(Cut(error.violations[i].field, kMaxFieldBytes));
    violation->set_description(Cut(error.violations[i].description, kMaxDescriptionBytes));
  }
  if (shown < error.violations.size()) {
    details.mutable_field_violations(static_cast<int>(shown) - 1)
        ->set_description(
            fmt::format("and {} more fields like this", error.violations.size() - shown + 1));
  }
  status->add_details()->PackFrom(details);
}

void AddResourceInfo(const CallError& error, google::rpc::Status* status) {
  google::rpc::ResourceInfo details;
  details.set_resource_type("model");
  details.set_resource_name(Cut(error.missing_model, kMaxDescriptionBytes));
  details.set_description(Cut(error.message, kMaxDescriptionBytes));
  status->add_details()->PackFrom(details);
}

void AddQuotaFailure(const CallError& error, google::rpc::Status* status) {
  google::rpc::QuotaFailure details;
  auto* violation = details.add_violations();
  violation->set_subject(Cut(error.quota_subject, kMaxDescriptionBytes));
  violation->set_description(Cut(error.message, kMaxDescriptionBytes));
  status->add_details()->PackFrom(details);
}

void AddRetryInfo(nanoseconds delay, google::rpc::Status* status) {
  google::rpc::RetryInfo details;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
  details.mutable_retry_delay()->set_seconds(seconds.count());
  details.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>((delay - seconds).count()));
  status->add_details()->PackFrom(details);
}

}  // namespace

CallError InvalidField(std::string reason, std::string field, std::string description) {
  CallError error{.code = absl::StatusCode::kInvalidArgument,
                  .message = fmt::format("{}: {}", field, description),
                  .reason = std::move(reason),
                  .violations = {},
                  .retry_after = std::nullopt,
                  .missing_model = {},
                  .quota_subject = {},
                  .log_detail = {}};
  error.violations.push_back({std::move(field), std::move(description)});
  return error;
}

CallError UnknownModel(const absl::Status& status, std::string_view name, std::int64_t version) {
  CallError error = FromStatus(status, nanoseconds(0));
  if (error.code == absl::StatusCode::kNotFound) {
    const std::string_view shown = name.empty() ? "default" : name;
    error.missing_model = version == 0 ? std::string(shown) : fmt::format("{}/{}", shown, version);
  }
  return error;
}

CallError FromOperatorStatus(const absl::Status& status) {
  CallError error{.code = status.code(),
                  .message = std::string(status.message()),
                  .reason = std::string(CodeName(status.code())),
                  .violations = {},
                  .retry_after = std::nullopt,
                  .missing_model = {},
                  .quota_subject = {},
                  .log_detail = {}};
  const bool ours = status.code() == absl::StatusCode::kInternal ||
                    status.code() == absl::StatusCode::kDataLoss ||
                    status.code() == absl::StatusCode::kUnknown;
  if (ours) error.log_detail = error.message;
  return error;
}

CallError FromStatus(const absl::Status& status, nanoseconds estimated_wait) {
  const absl::StatusCode code = status.code();
  CallError error{.code = code,
                  .message = std::string(status.message()),
                  .reason = std::string(ReasonOf(code)),
                  .violations = {},
                  .retry_after = std::nullopt,
                  .missing_model = {},
                  .quota_subject = {},
                  .log_detail = {}};
  if (error.reason == "MODEL_FAILED") {
    error.code = absl::StatusCode::kInternal;
    error.log_detail = std::move(error.message);
    error.message = "the model failed; the server's log says why under this request's id";
  }
  if (WorthRetrying(code)) {
    error.retry_after = std::clamp(estimated_wait, kShortestRetry, kLongestRetry);
  }
  return error;
}

void ToRpcStatus(const CallError& error, std::string_view request_id, google::rpc::Status* status) {
  status->set_code(static_cast<std::int32_t>(error.code));
  status->set_message(Cut(error.message, kMaxMessageBytes));
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain("guichet");
  (*info.mutable_metadata())["request_id"] = std::string(request_id);
  status->add_details()->PackFrom(info);
  if (!error.violations.empty()) AddBadRequest(error, status);
  if (!error.missing_model.empty()) AddResourceInfo(error, status);
  if (!error.quota_subject.empty()) AddQuotaFailure(error, status);
  if (error.retry_after.has_value()) AddRetryInfo(*error.retry_after, status);
}

grpc::Status ToGrpcStatus(const CallError& error, std::string_view request_id) {
  google::rpc::Status status;
  ToRpcStatus(error, request_id, &status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(),
                      status.SerializeAsString());
}

}  // namespace guichet
