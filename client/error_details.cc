#include "client/error_details.h"

#include <limits>

#include <fmt/format.h>

#include "absl/strings/cord.h"
#include "absl/types/optional.h"
#include "google/rpc/error_details.pb.h"

namespace guichet {
namespace {

constexpr std::string_view kTypePrefix = "type.googleapis.com/";

// The payload of one type, parsed.
template <typename Message>
std::optional<Message> Detail(const absl::Status& error) {
  const std::string url = std::string(kTypePrefix).append(Message::descriptor()->full_name());
  const auto payload = error.GetPayload(url);
  if (!payload.has_value()) return std::nullopt;
  Message message;
  if (!message.ParseFromString(std::string(*payload))) return std::nullopt;
  return message;
}

}  // namespace

std::optional<std::chrono::nanoseconds> RetryDelay(const absl::Status& error) {
  const auto info = Detail<google::rpc::RetryInfo>(error);
  if (!info.has_value() || !info->has_retry_delay()) return std::nullopt;
  constexpr std::int64_t kMaxSeconds = std::numeric_limits<std::int64_t>::max() / 2'000'000'000;
  const auto& delay = info->retry_delay();
  if (delay.seconds() < 0 || delay.seconds() > kMaxSeconds) return std::nullopt;
  if (delay.nanos() < 0 || delay.nanos() > 999'999'999) return std::nullopt;
  return std::chrono::seconds(delay.seconds()) + std::chrono::nanoseconds(delay.nanos());
}

std::string ErrorReason(const absl::Status& error) {
  const auto info = Detail<google::rpc::ErrorInfo>(error);
  return info.has_value() ? info->reason() : std::string();
}

std::string_view StatusCodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case absl::StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case absl::StatusCode::kAborted:
      return "ABORTED";
    case absl::StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case absl::StatusCode::kUnimplemented:
      return "UNIMPLEMENTED";
    case absl::StatusCode::kInternal:
      return "INTERNAL";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case absl::StatusCode::kDataLoss:
      return "DATA_LOSS";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    default:
      return "UNKNOWN";
  }
}

absl::Status Annotated(const absl::Status& error, std::string_view note) {
  const std::string message = std::string(error.message());
  absl::Status annotated(error.code(), fmt::format("{} ({})", message, note));
  error.ForEachPayload([&annotated](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

}  // namespace guichet
