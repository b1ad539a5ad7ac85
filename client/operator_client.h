#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_options.h"
#include "client/dataset_file.h"
#include "guichet/v1/feedback.pb.h"
#include "guichet/v1/models.pb.h"
#include "guichet/v1/training.pb.h"

namespace guichet {

struct OperatorOptions {
  // `timeout` is for each call but the streams; `health_service` is not asked, as an operator
  // speaks with a server that serves nothing yet, too.
  ClientOptions client = {};
  // Longest time of one upload or watch stream; the next one goes on where it ended. 1 ms to 24 h.
  std::chrono::milliseconds stream_timeout{600'000};
  // How long a watch that lost its server tries to reach it again. 1 ms to 1 h.
  std::chrono::milliseconds reconnect_time{120'000};
  // Polled while a call is under way; true ends it with CANCELLED within 100 ms. May be empty.
  std::function<bool()> stop = {};

  // INVALID_ARGUMENT names the first field out of range.
  absl::Status Validate() const;
};

// What a watch tells while it runs, on the thread that watches. Either may be empty.
struct WatchObserver {
  std::function<void(const v1::WatchJobResponse&)> on_event;
  std::function<void(const absl::Status&)> on_lost;  // it is going to be tried again
};

// What an operator does with one server: data sets, training jobs, versions of the model, feedback.
// Calls block, have a deadline each, and keep the server's code and details in their errors. What
// is safe to repeat is tried again as retry_policy.h says; what is not (CancelJob, Promote,
// Rollback, Pin, DeleteVersion) is sent once. For one call at a time.
class OperatorClient {
 public:
  // Nothing is sent yet. INVALID_ARGUMENT: an option is out of range; NOT_FOUND: a file named in
  // the options does not exist.
  static absl::StatusOr<std::unique_ptr<OperatorClient>> Connect(const OperatorOptions& options);
  ~OperatorClient();

  // Sends what the server does not hold yet; a stream that breaks goes on where the server says.
  // on_progress, which may be empty, is told the bytes that are there or on their way. DATA_LOSS
  // without a reason (error_details.h): the file changed meanwhile.
  absl::StatusOr<v1::UploadDatasetResponse> UploadDataset(
      DatasetFile& file, const std::function<void(std::int64_t)>& on_progress);
  absl::StatusOr<v1::ValidateDatasetResponse> ValidateDataset(
      const v1::ValidateDatasetRequest& request);

  // Repeated only when the request has a request_id, by which the server knows it again.
  absl::StatusOr<v1::Job> Train(const v1::TrainRequest& request);
  absl::StatusOr<v1::Job> GetJob(const v1::GetJobRequest& request);
  absl::StatusOr<v1::ListJobsResponse> ListJobs(const v1::ListJobsRequest& request);
  // Until the job has ended; returns it. Survives a restart of the server: no line of progress is
  // missed or told twice.
  absl::StatusOr<v1::Job> WatchJob(v1::WatchJobRequest request, const WatchObserver& observer);
  absl::StatusOr<v1::Job> CancelJob(const v1::CancelJobRequest& request);

  absl::StatusOr<v1::ListVersionsResponse> ListVersions(const v1::ListVersionsRequest& request);
  absl::StatusOr<v1::ModelVersion> GetVersion(const v1::GetVersionRequest& request);
  absl::StatusOr<v1::ModelVersion> Promote(const v1::PromoteRequest& request);
  absl::StatusOr<v1::ModelVersion> Rollback(const v1::RollbackRequest& request);
  absl::StatusOr<v1::ModelVersion> Pin(const v1::PinRequest& request);
  absl::Status DeleteVersion(const v1::DeleteVersionRequest& request);
  absl::StatusOr<v1::ListAuditEntriesResponse> ListAuditEntries(
      const v1::ListAuditEntriesRequest& request);

  // Repeated only when the request has a feedback_id, by which the server knows it again.
  absl::StatusOr<v1::Correction> SubmitFeedback(const v1::SubmitFeedbackRequest& request);
  absl::StatusOr<v1::ListReviewQueueResponse> ListReviewQueue(
      const v1::ListReviewQueueRequest& request);

 private:
  class Core;

  explicit OperatorClient(std::unique_ptr<Core> core);

  const std::unique_ptr<Core> core_;  // keeps gRPC out of this header
};

// Whether a job is SUCCEEDED, FAILED or CANCELLED.
bool HasEnded(const v1::Job& job);

}  // namespace guichet
