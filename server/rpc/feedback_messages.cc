#include "server/rpc/feedback_messages.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "base/sha256.h"
#include "base/status_macros.h"
#include "server/rpc/call_guard.h"
#include "server/rpc/paging.h"
#include "server/rpc/text_limits.h"

namespace guichet {
namespace {

using google::protobuf::util::TimeUtil;

constexpr std::size_t kMaxLabelBytes = 200;

absl::Status CheckLabel(const std::string& label) {
  if (label.empty() || label.size() > kMaxLabelBytes) {
    return absl::InvalidArgumentError(
        fmt::format("label has {} bytes; it must have 1 to {}", label.size(), kMaxLabelBytes));
  }
  const bool control = std::any_of(label.begin(), label.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
  });
  if (control || label.front() == ' ' || label.back() == ' ') {
    return absl::InvalidArgumentError(
        "label: it has control characters, or spaces at an end; two labels would look the same");
  }
  return absl::OkStatus();
}

absl::Status CheckTicket(const v1::SubmitFeedbackRequest& request, const RequestLimits& limits) {
  const std::size_t bytes = request.ticket_id().size();
  if (bytes == 0 || bytes > limits.ticket_id_bytes) {
    return absl::InvalidArgumentError(
        fmt::format("ticket_id has {} bytes; it must have 1 to {} (limits.ticket_id_bytes)", bytes,
                    limits.ticket_id_bytes));
  }
  if (request.subject().empty() && request.body().empty()) return absl::OkStatus();
  const auto error = CheckText({.id = {}, .subject = request.subject(), .body = request.body()},
                               "ticket", 0, limits);
  return error.has_value() ? absl::InvalidArgumentError(error->message) : absl::OkStatus();
}

v1::FeedbackOutcome ToOutcome(const std::string& outcome) {
  if (outcome == NameOf(FeedbackOutcome::kConfirmed)) return v1::CONFIRMED;
  if (outcome == NameOf(FeedbackOutcome::kCorrected)) return v1::CORRECTED;
  return v1::NEW_LABEL;
}

}  // namespace

absl::StatusOr<NewFeedback> ToFeedback(const v1::SubmitFeedbackRequest& request,
                                       const RequestLimits& limits) {
  GUICHET_RETURN_IF_ERROR(CheckTicket(request, limits));
  GUICHET_RETURN_IF_ERROR(CheckLabel(request.label()));
  if (!request.feedback_id().empty() && !IsRequestId(request.feedback_id())) {
    return absl::InvalidArgumentError(
        fmt::format("feedback_id: it must be 1 to {} printable characters without spaces, or empty",
                    kMaxRequestIdBytes));
  }
  if (request.version() < 0) {
    return absl::InvalidArgumentError(
        fmt::format("version is {}; it must be 0 or from 1", request.version()));
  }
  return NewFeedback{
      .feedback_id = request.feedback_id().empty() ? MakeRequestId() : request.feedback_id(),
      .request_sha256 = Sha256Hex(request.SerializeAsString()),
      .ticket_id = request.ticket_id(),
      .version = request.version(),
      .predicted = request.predicted(),
      .label = request.label(),
      .subject = request.subject(),
      .body = request.body(),
      .actor = {}};
}

void ToMessage(const FeedbackRecord& record, v1::Correction* message) {
  message->set_number(record.number);
  message->set_feedback_id(record.feedback_id);
  message->set_ticket_id(record.ticket_id);
  message->set_model(record.model);
  message->set_version(record.version);
  message->set_predicted(record.predicted);
  message->set_label(record.label);
  message->set_outcome(ToOutcome(record.outcome));
  message->set_can_train(!record.subject.empty() || !record.body.empty());
  *message->mutable_create_time() = TimeUtil::MicrosecondsToTimestamp(record.time);
}

void ToMessage(const ReviewEntry& entry, v1::ReviewItem* message) {
  const PredictionRecord& prediction = entry.prediction;
  message->set_ticket_id(prediction.ticket_id);
  message->set_version(prediction.version);
  message->set_predicted(prediction.predicted);
  message->set_runner_up(prediction.runner_up);
  message->set_margin(prediction.margin);
  message->set_priority(entry.priority);
  *message->mutable_predict_time() = TimeUtil::MicrosecondsToTimestamp(prediction.time);
  message->set_subject(prediction.subject);
  message->set_body(prediction.body);
}

std::string ToToken(const ReviewPlace& place) {
  return fmt::format("{}:{}", place.priority, place.number);
}

absl::StatusOr<std::optional<ReviewPlace>> ParseReviewToken(const std::string& token) {
  if (token.empty()) return std::nullopt;
  ReviewPlace place;
  const char* end = token.data() + token.size();
  const auto priority = std::from_chars(token.data(), end, place.priority);
  const bool colon = priority.ec == std::errc() && priority.ptr != end && *priority.ptr == ':';
  if (!colon || std::from_chars(priority.ptr + 1, end, place.number).ptr != end ||
      priority.ptr + 1 == end) {
    return WrongPageToken();
  }
  return place;
}

}  // namespace guichet
