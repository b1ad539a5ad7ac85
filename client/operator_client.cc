#include "client/operator_client.h"

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/blocking_call.h"
#include "client/dataset_upload.h"
#include "client/grpc_channel.h"
#include "client/rpc_status.h"
#include "guichet/v1/feedback.grpc.pb.h"
#include "guichet/v1/models.grpc.pb.h"
#include "guichet/v1/training.grpc.pb.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A watch that lasted this long had reached its server: connecting takes gRPC no longer.
constexpr std::chrono::seconds kConnectTime{10};

template <typename Service, typename Request, typename Response>
using Method = grpc::Status (Service::*)(grpc::ClientContext*, const Request&, Response*);

absl::Status CheckDuration(const char* field, milliseconds value, milliseconds high) {
  if (value >= milliseconds(1) && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} in ms is {}; it must lie in [1, {}]", field, value.count(), high.count()));
}

}  // namespace

absl::Status OperatorOptions::Validate() const {
  GUICHET_RETURN_IF_ERROR(client.Validate());
  GUICHET_RETURN_IF_ERROR(CheckDuration("stream_timeout", stream_timeout, std::chrono::hours(24)));
  return CheckDuration("reconnect_time", reconnect_time, std::chrono::hours(1));
}

class OperatorClient::Core {
 public:
  Core(OperatorOptions options, const std::shared_ptr<grpc::Channel>& channel,
       std::unique_ptr<BlockingCalls> calls)
      : options_(std::move(options)),
        calls_(std::move(calls)),
        training_(v1::Training::NewStub(channel)),
        models_(v1::Models::NewStub(channel)),
        feedback_(v1::Feedback::NewStub(channel)) {
    once_.max_attempts = 1;
    // Time ends a watch's attempts to reach its server again, not their number.
    patient_.max_attempts = 100;
  }

  v1::Training::StubInterface& training() { return *training_; }
  v1::Models::StubInterface& models() { return *models_; }
  v1::Feedback::StubInterface& feedback() { return *feedback_; }

  // A call that is safe to repeat.
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Repeat(Service& stub, Method<Service, Request, Response> method,
                                  const Request& request) {
    return Call(stub, method, request, options_.client.retry);
  }

  // A call that may have been done though its answer was lost.
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Once(Service& stub, Method<Service, Request, Response> method,
                                const Request& request) {
    return Call(stub, method, request, once_);
  }

  absl::StatusOr<v1::UploadDatasetResponse> Upload(
      DatasetFile& file, const std::function<void(std::int64_t)>& on_progress) {
    BlockingCall call(*calls_, options_.client.retry, options_.client.timeout);
    return DatasetUpload(*training_, file, on_progress).Run(call, options_.stream_timeout);
  }

  absl::StatusOr<v1::Job> Watch(v1::WatchJobRequest& request, const WatchObserver& observer);

 private:
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Call(Service& stub, Method<Service, Request, Response> method,
                                const Request& request, const RetryOptions& retry) {
    Response response;
    BlockingCall call(*calls_, retry, options_.client.timeout);
    GUICHET_RETURN_IF_ERROR(call.Run([&](grpc::ClientContext& context) {
      response.Clear();
      return FromRpcStatus((stub.*method)(&context, request, &response));
    }));
    return response;
  }

  const OperatorOptions options_;
  RetryOptions once_ = options_.client.retry;
  RetryOptions patient_ = options_.client.retry;
  const std::unique_ptr<BlockingCalls> calls_;
  const std::unique_ptr<v1::Training::StubInterface> training_;
  const std::unique_ptr<v1::Models::StubInterface> models_;
  const std::unique_ptr<v1::Feedback::StubInterface> feedback_;
};

absl::StatusOr<v1::Job> OperatorClient::Core::Watch(v1::WatchJobRequest& request,
                                                    const WatchObserver& observer) {
  v1::Job job;
  bool reached = false;
  const auto read_events = [&](grpc::ClientContext& context) {
    const auto reader = training_->WatchJob(&context, request);
    v1::WatchJobResponse event;
    while (reader->Read(&event)) {
      reached = true;
      if (event.has_progress()) request.set_after_sequence(event.progress().sequence());
      if (event.has_job()) job = event.job();
      if (observer.on_event) observer.on_event(event);
    }
    return FromRpcStatus(reader->Finish());
  };
  BlockingCall call(*calls_, patient_, options_.reconnect_time);
  while (true) {
    reached = false;
    const auto start = steady_clock::now();
    const absl::Status status = call.Attempt(options_.stream_timeout, read_events);
    if (HasEnded(job)) return job;  // however the stream ended behind it
    if (status.ok()) {
      return absl::InternalError("the server ended the watch before the job; watch it again");
    }
    const auto lasted = steady_clock::now() - start;
    const bool time_over = EndedByTime(status) && lasted > options_.stream_timeout / 10 * 9;
    if (reached || time_over || lasted > kConnectTime) call.Restart();
    // The next stream goes on where this one ended: nothing was lost.
    if (time_over && !calls_->Stopped()) continue;
    const bool passing = IsRetryable(status) || EndedByTime(status);
    if (passing && observer.on_lost && !calls_->Stopped()) observer.on_lost(status);
    GUICHET_RETURN_IF_ERROR(call.WaitAfter(status, passing));
  }
}

absl::StatusOr<std::unique_ptr<OperatorClient>> OperatorClient::Connect(
    const OperatorOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  // Direct: the jobs and uploads of one server are not another's.
  GUICHET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel,
                           MakeChannel(options.client, ChannelKind::kDirect));
  GUICHET_ASSIGN_OR_RETURN(std::unique_ptr<BlockingCalls> calls,
                           BlockingCalls::Make(options.client, options.stop));
  return std::unique_ptr<OperatorClient>(
      new OperatorClient(std::make_unique<Core>(options, channel, std::move(calls))));
}

OperatorClient::OperatorClient(std::unique_ptr<Core> core) : core_(std::move(core)) {}
OperatorClient::~OperatorClient() = default;

absl::StatusOr<v1::UploadDatasetResponse> OperatorClient::UploadDataset(
    DatasetFile& file, const std::function<void(std::int64_t)>& on_progress) {
  return core_->Upload(file, on_progress);
}

absl::StatusOr<v1::ValidateDatasetResponse> OperatorClient::ValidateDataset(
    const v1::ValidateDatasetRequest& request) {
  return core_->Repeat(core_->training(), &v1::Training::StubInterface::ValidateDataset, request);
}

absl::StatusOr<v1::Job> OperatorClient::Train(const v1::TrainRequest& request) {
  constexpr auto kTrain = &v1::Training::StubInterface::Train;
  return request.request_id().empty() ? core_->Once(core_->training(), kTrain, request)
                                      : core_->Repeat(core_->training(), kTrain, request);
}

absl::StatusOr<v1::Job> OperatorClient::GetJob(const v1::GetJobRequest& request) {
  return core_->Repeat(core_->training(), &v1::Training::StubInterface::GetJob, request);
}

absl::StatusOr<v1::ListJobsResponse> OperatorClient::ListJobs(const v1::ListJobsRequest& request) {
  return core_->Repeat(core_->training(), &v1::Training::StubInterface::ListJobs, request);
}

absl::StatusOr<v1::Job> OperatorClient::WatchJob(v1::WatchJobRequest request,
                                                 const WatchObserver& observer) {
  return core_->Watch(request, observer);
}

absl::StatusOr<v1::Job> OperatorClient::CancelJob(const v1::CancelJobRequest& request) {
  return core_->Once(core_->training(), &v1::Training::StubInterface::CancelJob, request);
}

absl::StatusOr<v1::ListVersionsResponse> OperatorClient::ListVersions(
    const v1::ListVersionsRequest& request) {
  return core_->Repeat(core_->models(), &v1::Models::StubInterface::ListVersions, request);
}

absl::StatusOr<v1::ModelVersion> OperatorClient::GetVersion(const v1::GetVersionRequest& request) {
  return core_->Repeat(core_->models(), &v1::Models::StubInterface::GetVersion, request);
}

absl::StatusOr<v1::ModelVersion> OperatorClient::Promote(const v1::PromoteRequest& request) {
  return core_->Once(core_->models(), &v1::Models::StubInterface::Promote, request);
}

absl::StatusOr<v1::ModelVersion> OperatorClient::Rollback(const v1::RollbackRequest& request) {
  return core_->Once(core_->models(), &v1::Models::StubInterface::Rollback, request);
}

absl::StatusOr<v1::ModelVersion> OperatorClient::Pin(const v1::PinRequest& request) {
  return core_->Once(core_->models(), &v1::Models::StubInterface::Pin, request);
}

absl::Status OperatorClient::DeleteVersion(const v1::DeleteVersionRequest& request) {
  return core_->Once(core_->models(), &v1::Models::StubInterface::DeleteVersion, request).status();
}

absl::StatusOr<v1::ListAuditEntriesResponse> OperatorClient::ListAuditEntries(
    const v1::ListAuditEntriesRequest& request) {
  return core_->Repeat(core_->models(), &v1::Models::StubInterface::ListAuditEntries, request);
}

absl::StatusOr<v1::Correction> OperatorClient::SubmitFeedback(
    const v1::SubmitFeedbackRequest& request) {
  constexpr auto kSubmit = &v1::Feedback::StubInterface::Submit;
  return request.feedback_id().empty() ? core_->Once(core_->feedback(), kSubmit, request)
                                       : core_->Repeat(core_->feedback(), kSubmit, request);
}

absl::StatusOr<v1::ListReviewQueueResponse> OperatorClient::ListReviewQueue(
    const v1::ListReviewQueueRequest& request) {
  return core_->Repeat(core_->feedback(), &v1::Feedback::StubInterface::ListReviewQueue, request);
}

bool HasEnded(const v1::Job& job) {
  return job.state() == v1::SUCCEEDED || job.state() == v1::FAILED || job.state() == v1::CANCELLED;
}

}  // namespace guichet
