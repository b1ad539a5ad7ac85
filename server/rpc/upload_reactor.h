#pragma once

#include <memory>

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include "base/mutex.h"
#include "guichet/v1/training.pb.h"
#include "server/jobs/dataset_store.h"
#include "server/rpc/call_guard.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/operator_environment.h"

namespace guichet {

// One UploadDataset call: reads a message, stores it on the pool, reads the next. What has been
// stored stays when the stream breaks, when no message comes for training.upload_idle_timeout, and
// when the server drains. One step (a read or the pool's work) is under way at a time. Kept alive
// by itself until OnDone, and by the pool's work.
class UploadReactor final : public grpc::ServerReadReactor<v1::UploadDatasetRequest>,
                            public DrainableStream,
                            public std::enable_shared_from_this<UploadReactor> {
 public:
  static grpc::ServerReadReactor<v1::UploadDatasetRequest>* Start(
      OperatorEnvironment& environment, MethodMetrics& method,
      const grpc::CallbackServerContext& context, v1::UploadDatasetResponse* response);

  void OnReadDone(bool ok) override;
  void OnDone() override;
  void Drain() override;

 private:
  UploadReactor(OperatorEnvironment& environment, MethodMetrics& method,
                const grpc::CallbackServerContext& context, v1::UploadDatasetResponse* response);

  void Begin();
  // On the pool. Each ends with the next read or with the call's end.
  void TakeMessage();
  void TakeEnd();
  // Runs a step on the pool.
  void Post(void (UploadReactor::*step)());
  absl::Status Store();
  absl::Status Answer();

  // The next read, or the end when the server drains.
  void Read();
  void End(const absl::Status& status);
  void EndNow(const absl::Status& status) GUICHET_REQUIRES(mutex_);
  // Looks after `delay` whether the sender still sends.
  void WatchIdle(std::chrono::nanoseconds delay) GUICHET_REQUIRES(mutex_);
  void OnIdleWatch();

  OperatorEnvironment& environment_;
  v1::UploadDatasetResponse* const response_;
  std::shared_ptr<UploadReactor> self_;  // until OnDone

  // Of the step under way.
  v1::UploadDatasetRequest message_;
  std::unique_ptr<DatasetUpload> upload_;  // after the header

  Mutex mutex_;
  CallGuard guard_ GUICHET_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Alarm> idle_watch_ GUICHET_GUARDED_BY(mutex_);
  bool reading_ GUICHET_GUARDED_BY(mutex_) = false;
  SteadyTime reading_since_ GUICHET_GUARDED_BY(mutex_);
  bool draining_ GUICHET_GUARDED_BY(mutex_) = false;
  bool finished_ GUICHET_GUARDED_BY(mutex_) = false;
};

}  // namespace guichet
