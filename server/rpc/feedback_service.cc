#include "server/rpc/feedback_service.h"

#include "base/status_macros.h"
#include "server/rpc/feedback_messages.h"
#include "server/rpc/operator_call.h"
#include "server/rpc/paging.h"

namespace guichet {
namespace {

absl::Status CheckRemembers(const OperatorEnvironment& environment) {
  if (environment.feedback != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this server remembers nothing: training.folder is not set in its configuration");
}

absl::Status SubmitTo(const OperatorEnvironment& environment, const std::string& actor,
                      const v1::SubmitFeedbackRequest& request, v1::Correction* response) {
  GUICHET_RETURN_IF_ERROR(CheckRemembers(environment));
  GUICHET_RETURN_IF_ERROR(environment.versions.CheckModel(request.model()));
  GUICHET_ASSIGN_OR_RETURN(NewFeedback feedback,
                           ToFeedback(request, environment.rpc.options.limits));
  feedback.actor = actor;
  GUICHET_ASSIGN_OR_RETURN(const FeedbackRecord record, environment.feedback->Submit(feedback));
  ToMessage(record, response);
  return absl::OkStatus();
}

absl::Status ListFrom(const OperatorEnvironment& environment,
                      const v1::ListReviewQueueRequest& request,
                      v1::ListReviewQueueResponse* response) {
  GUICHET_RETURN_IF_ERROR(CheckRemembers(environment));
  GUICHET_RETURN_IF_ERROR(environment.versions.CheckModel(request.model()));
  GUICHET_ASSIGN_OR_RETURN(const std::int32_t size, PageSize(request.page_size()));
  GUICHET_ASSIGN_OR_RETURN(const auto place, ParseReviewToken(request.page_token()));
  GUICHET_ASSIGN_OR_RETURN(const ReviewPage page,
                           environment.feedback->Review(place, static_cast<std::size_t>(size)));
  for (const ReviewEntry& entry : page.entries) ToMessage(entry, response->add_items());
  if (page.next.has_value()) response->set_next_page_token(ToToken(*page.next));
  return absl::OkStatus();
}

}  // namespace

FeedbackService::FeedbackService(OperatorEnvironment& environment, prometheus::Registry& metrics)
    : environment_(environment),
      submit_(metrics, v1::Feedback::service_full_name(), "Submit"),
      list_review_queue_(metrics, v1::Feedback::service_full_name(), "ListReviewQueue") {}

grpc::ServerUnaryReactor* FeedbackService::Submit(grpc::CallbackServerContext* context,
                                                  const v1::SubmitFeedbackRequest* request,
                                                  v1::Correction* response) {
  return OperatorCall::Start(environment_.rpc, environment_.reads, submit_, *context,
                             [this, actor = context->peer(), request, response] {
                               return SubmitTo(environment_, actor, *request, response);
                             });
}

grpc::ServerUnaryReactor* FeedbackService::ListReviewQueue(
    grpc::CallbackServerContext* context, const v1::ListReviewQueueRequest* request,
    v1::ListReviewQueueResponse* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.reads, list_review_queue_, *context,
      [this, request, response] { return ListFrom(environment_, *request, response); });
}

}  // namespace guichet
