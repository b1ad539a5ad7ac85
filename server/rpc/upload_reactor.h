#pragma once

#include <memory>

#include <grpcpp/support/server_callback.h>

#include "guichet/v1/training.pb.h"
#include "server/jobs/dataset_store.h"
#include "server/rpc/call_guard.h"
#include "server/rpc/operator_environment.h"

namespace guichet {

// One UploadDataset call: reads a message, stores it on the pool, reads the next. What has been
// stored stays when the stream breaks. Owns itself from Start until OnDone; one step at a time.
class UploadReactor final : public grpc::ServerReadReactor<v1::UploadDatasetRequest> {
 public:
  static grpc::ServerReadReactor<v1::UploadDatasetRequest>* Start(
      OperatorEnvironment& environment, MethodMetrics& method,
      const grpc::CallbackServerContext& context, v1::UploadDatasetResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  UploadReactor(OperatorEnvironment& environment, MethodMetrics& method,
                const grpc::CallbackServerContext& context, v1::UploadDatasetResponse* response);

  // On the pool. Each ends with the next read or with the call's end.
  void TakeMessage();
  void TakeEnd();

  absl::Status Store();
  absl::Status Answer();
  void End(const absl::Status& status);
  // Runs a step on the pool.
  void Post(void (UploadReactor::*step)());

  OperatorEnvironment& environment_;
  CallGuard guard_;
  v1::UploadDatasetResponse* const response_;
  v1::UploadDatasetRequest message_;
  std::unique_ptr<DatasetUpload> upload_;  // after the header
};

}  // namespace guichet
