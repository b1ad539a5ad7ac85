#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <grpcpp/support/server_callback.h>

#include "base/mutex.h"
#include "guichet/v1/training.pb.h"
#include "server/jobs/job_manager.h"
#include "server/rpc/call_guard.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/operator_environment.h"

namespace guichet {

// One WatchJob call: sends lines of progress and changed states until the job has ended. Reads what
// is new on the pool whenever the job manager has news; one step (a read or a write) is under way
// at a time. A slow client is sent the same lines later, from the job's file. Kept alive by itself
// until OnDone.
class WatchJobReactor final : public grpc::ServerWriteReactor<v1::WatchJobResponse>,
                              public JobWatcher,
                              public DrainableStream,
                              public std::enable_shared_from_this<WatchJobReactor> {
 public:
  static grpc::ServerWriteReactor<v1::WatchJobResponse>* Start(
      OperatorEnvironment& environment, MethodMetrics& method,
      const grpc::CallbackServerContext& context, const v1::WatchJobRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void OnNews() override;
  void Drain() override;

 private:
  WatchJobReactor(OperatorEnvironment& environment, MethodMetrics& method,
                  const grpc::CallbackServerContext& context, const v1::WatchJobRequest& request);

  void Begin(const v1::WatchJobRequest& request);
  // Ends the call as soon as no step is under way.
  void EndWith(absl::Status status);
  // Begins a step when none is under way and there may be something to send.
  void Proceed() GUICHET_REQUIRES(mutex_);
  void Read();  // on the pool
  // What was read of the job goes to the queue.
  void Queue(const JobView& view, const std::vector<JobProgress>& lines) GUICHET_REQUIRES(mutex_);
  void FinishNow(const absl::Status& status) GUICHET_REQUIRES(mutex_);

  OperatorEnvironment& environment_;
  const std::string job_id_;
  std::shared_ptr<WatchJobReactor> self_;  // until OnDone

  Mutex mutex_;
  CallGuard guard_ GUICHET_GUARDED_BY(mutex_);
  std::int64_t sequence_ GUICHET_GUARDED_BY(mutex_);                   // the last one queued
  std::optional<JobState> state_ GUICHET_GUARDED_BY(mutex_);           // the last one queued
  std::deque<v1::WatchJobResponse> queue_ GUICHET_GUARDED_BY(mutex_);  // front: being written
  bool busy_ GUICHET_GUARDED_BY(mutex_) = false;                       // a step is under way
  bool news_ GUICHET_GUARDED_BY(mutex_) = true;
  bool last_queued_ GUICHET_GUARDED_BY(mutex_) = false;  // the ended job
  bool finished_ GUICHET_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
