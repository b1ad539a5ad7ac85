#pragma once

#include "guichet/v1/feedback.grpc.pb.h"
#include "server/rpc/operator_environment.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {

// guichet.v1.Feedback on the callback API. What waits for the disk runs on the environment's pool.
class FeedbackService final : public v1::Feedback::CallbackService {
 public:
  // Both outlive the service.
  FeedbackService(OperatorEnvironment& environment, prometheus::Registry& metrics);

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitFeedbackRequest* request,
                                   v1::Correction* response) override;
  grpc::ServerUnaryReactor* ListReviewQueue(grpc::CallbackServerContext* context,
                                            const v1::ListReviewQueueRequest* request,
                                            v1::ListReviewQueueResponse* response) override;

 private:
  OperatorEnvironment& environment_;
  MethodMetrics submit_;
  MethodMetrics list_review_queue_;
};

}  // namespace guichet
