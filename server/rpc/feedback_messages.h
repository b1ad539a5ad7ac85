#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "guichet/v1/feedback.pb.h"
#include "server/config/server_config.h"
#include "server/feedback/feedback_log.h"

namespace guichet {

// Between the messages of guichet/v1/feedback.proto and the values of server/feedback.

// INVALID_ARGUMENT names the field. Without a feedback_id one is made; the actor is the caller's to
// add.
absl::StatusOr<NewFeedback> ToFeedback(const v1::SubmitFeedbackRequest& request,
                                       const RequestLimits& limits);
void ToMessage(const FeedbackRecord& record, v1::Correction* message);
void ToMessage(const ReviewEntry& entry, v1::ReviewItem* message);

// A place in the review queue as a page token. INVALID_ARGUMENT: it is none.
std::string ToToken(const ReviewPlace& place);
absl::StatusOr<std::optional<ReviewPlace>> ParseReviewToken(const std::string& token);

}  // namespace guichet
