#pragma once

#include "guichet/v1/training.grpc.pb.h"
#include "server/rpc/operator_environment.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {

// guichet.v1.Training on the callback API. What waits for the disk runs on the environment's pool.
class TrainingService final : public v1::Training::CallbackService {
 public:
  // Both outlive the service.
  TrainingService(OperatorEnvironment& environment, prometheus::Registry& metrics);

  grpc::ServerReadReactor<v1::UploadDatasetRequest>* UploadDataset(
      grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response) override;
  grpc::ServerUnaryReactor* ValidateDataset(grpc::CallbackServerContext* context,
                                            const v1::ValidateDatasetRequest* request,
                                            v1::ValidateDatasetResponse* response) override;
  grpc::ServerUnaryReactor* Train(grpc::CallbackServerContext* context,
                                  const v1::TrainRequest* request, v1::Job* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context,
                                   const v1::GetJobRequest* request, v1::Job* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context,
                                     const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchJob(
      grpc::CallbackServerContext* context, const v1::WatchJobRequest* request) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context,
                                      const v1::CancelJobRequest* request,
                                      v1::Job* response) override;

 private:
  OperatorEnvironment& environment_;
  MethodMetrics upload_dataset_;
  MethodMetrics validate_dataset_;
  MethodMetrics train_;
  MethodMetrics get_job_;
  MethodMetrics list_jobs_;
  MethodMetrics watch_job_;
  MethodMetrics cancel_job_;
};

}  // namespace guichet
