#include "server/rpc/training_service.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/data/dataset_form.h"
#include "model/data/dataset_report.h"
#include "server/rpc/operator_call.h"
#include "server/rpc/paging.h"
#include "server/rpc/training_messages.h"
#include "server/rpc/upload_reactor.h"
#include "server/rpc/watch_job_reactor.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<fs::path> Resolve(const OperatorEnvironment& environment,
                                 const v1::DatasetSource& data) {
  switch (data.source_case()) {
    case v1::DatasetSource::kDatasetId:
      return environment.datasets->Find(data.dataset_id());
    case v1::DatasetSource::kPath:
      return ResolveBelowRoots(data.path(), environment.dataset_roots);
    case v1::DatasetSource::SOURCE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "data: give dataset_id, which UploadDataset returns, or path, a file of the server");
}

// What training would meet: a row without a label is an error there, and a label that the version
// in service does not know may be a mistake.
absl::StatusOr<DatasetReport> Report(const OperatorEnvironment& environment, const fs::path& path,
                                     const v1::DatasetSource& data) {
  GUICHET_ASSIGN_OR_RETURN(TicketReaderOptions options,
                           ToReaderOptions({.format = data.format(),
                                            .columns = data.columns(),
                                            .preset = data.preset(),
                                            .encoding = data.encoding()}));
  options.allow_empty = true;  // reported, with their lines
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenTicketReader(path, options));
  DatasetReportOptions reporting;
  const auto lease = environment.rpc.registry.Acquire({});
  if (lease.ok()) reporting.known_labels = (*lease)->classifier->labels();
  GUICHET_ASSIGN_OR_RETURN(DatasetReport report, ReportDataset(*reader, reporting));
  for (DatasetFinding& finding : report.findings) {
    if (finding.code == "unlabelled_rows") finding.severity = FindingSeverity::kError;
  }
  std::stable_partition(report.findings.begin(), report.findings.end(), [](const auto& finding) {
    return finding.severity == FindingSeverity::kError;
  });
  return report;
}

// Why a report's data cannot be trained on.
absl::Status RefuseErrors(const DatasetReport& report) {
  for (const DatasetFinding& finding : report.findings) {
    if (finding.severity != FindingSeverity::kError) continue;
    return absl::InvalidArgumentError(fmt::format(
        "data: {} in {} row{}{}; ValidateDataset lists all findings", finding.message,
        finding.count, finding.count == 1 ? "" : "s",
        finding.lines.empty() ? "" : fmt::format(", the first on line {}", finding.lines[0])));
  }
  if (report.rows == 0) return absl::InvalidArgumentError("data: there is no ticket in it");
  return absl::OkStatus();
}

absl::Status TrainOn(OperatorEnvironment& environment, const std::string& actor,
                     const v1::TrainRequest& request, v1::Job* response) {
  GUICHET_RETURN_IF_ERROR(CheckTrains(environment));
  GUICHET_RETURN_IF_ERROR(environment.versions.CheckModel(request.model()));
  GUICHET_ASSIGN_OR_RETURN(JobRequest job, ToJobRequest(request));
  // A repeated call is answered whatever has become of its data set.
  GUICHET_ASSIGN_OR_RETURN(const auto known,
                           environment.jobs->FindRequest(job.request_id, job.request_sha256));
  if (known.has_value()) {
    ToMessage(*known, /*whole=*/true, response);
    return absl::OkStatus();
  }
  job.actor = actor;
  job.training.model = environment.versions.model();
  GUICHET_ASSIGN_OR_RETURN(job.training.dataset, Resolve(environment, request.data()));
  if (!request.base().empty()) {
    GUICHET_ASSIGN_OR_RETURN(job.training.base,
                             ResolveBelowRoots(request.base(), environment.dataset_roots));
  }
  GUICHET_ASSIGN_OR_RETURN(const DatasetReport report,
                           Report(environment, job.training.dataset, request.data()));
  GUICHET_RETURN_IF_ERROR(RefuseErrors(report));
  job.warnings_json = FindingsToJson(report);
  GUICHET_ASSIGN_OR_RETURN(const JobRecord record, environment.jobs->Submit(std::move(job)));
  ToMessage(record, /*whole=*/true, response);
  return absl::OkStatus();
}

absl::Status List(OperatorEnvironment& environment, const v1::ListJobsRequest& request,
                  v1::ListJobsResponse* response) {
  GUICHET_RETURN_IF_ERROR(CheckTrains(environment));
  GUICHET_ASSIGN_OR_RETURN(const std::int32_t size, PageSize(request.page_size()));
  GUICHET_ASSIGN_OR_RETURN(const std::int64_t before, NumberBefore(request.page_token()));
  // One more than asked for tells whether there is another page.
  GUICHET_ASSIGN_OR_RETURN(std::vector<JobRecord> jobs, environment.jobs->List(before, size + 1));
  if (jobs.size() > static_cast<std::size_t>(size)) {
    jobs.pop_back();
    response->set_next_page_token(std::to_string(jobs.back().number));
  }
  for (const JobRecord& job : jobs) ToMessage(job, /*whole=*/false, response->add_jobs());
  return absl::OkStatus();
}

}  // namespace

TrainingService::TrainingService(OperatorEnvironment& environment, prometheus::Registry& metrics)
    : environment_(environment),
      upload_dataset_(metrics, v1::Training::service_full_name(), "UploadDataset"),
      validate_dataset_(metrics, v1::Training::service_full_name(), "ValidateDataset"),
      train_(metrics, v1::Training::service_full_name(), "Train"),
      get_job_(metrics, v1::Training::service_full_name(), "GetJob"),
      list_jobs_(metrics, v1::Training::service_full_name(), "ListJobs"),
      watch_job_(metrics, v1::Training::service_full_name(), "WatchJob"),
      cancel_job_(metrics, v1::Training::service_full_name(), "CancelJob") {}

grpc::ServerReadReactor<v1::UploadDatasetRequest>* TrainingService::UploadDataset(
    grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response) {
  return UploadReactor::Start(environment_, upload_dataset_, *context, response);
}

grpc::ServerUnaryReactor* TrainingService::ValidateDataset(
    grpc::CallbackServerContext* context, const v1::ValidateDatasetRequest* request,
    v1::ValidateDatasetResponse* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.scans, validate_dataset_, *context,
      [this, request, response]() -> absl::Status {
        GUICHET_RETURN_IF_ERROR(CheckTrains(environment_));
        GUICHET_ASSIGN_OR_RETURN(const fs::path path, Resolve(environment_, request->data()));
        GUICHET_ASSIGN_OR_RETURN(const DatasetReport report,
                                 Report(environment_, path, request->data()));
        ToMessage(report, response);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* TrainingService::Train(grpc::CallbackServerContext* context,
                                                 const v1::TrainRequest* request,
                                                 v1::Job* response) {
  return OperatorCall::Start(environment_.rpc, environment_.scans, train_, *context,
                             [this, actor = context->peer(), request, response] {
                               return TrainOn(environment_, actor, *request, response);
                             });
}

grpc::ServerUnaryReactor* TrainingService::GetJob(grpc::CallbackServerContext* context,
                                                  const v1::GetJobRequest* request,
                                                  v1::Job* response) {
  return OperatorCall::Start(environment_.rpc, environment_.reads, get_job_, *context,
                             [this, request, response]() -> absl::Status {
                               GUICHET_RETURN_IF_ERROR(CheckTrains(environment_));
                               GUICHET_ASSIGN_OR_RETURN(const JobView view,
                                                        environment_.jobs->Get(request->job_id()));
                               ToMessage(view.record, /*whole=*/true, response);
                               if (view.progress)
                                 ToMessage(*view.progress, response->mutable_progress());
                               return absl::OkStatus();
                             });
}

grpc::ServerUnaryReactor* TrainingService::ListJobs(grpc::CallbackServerContext* context,
                                                    const v1::ListJobsRequest* request,
                                                    v1::ListJobsResponse* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.reads, list_jobs_, *context,
      [this, request, response] { return List(environment_, *request, response); });
}

grpc::ServerWriteReactor<v1::WatchJobResponse>* TrainingService::WatchJob(
    grpc::CallbackServerContext* context, const v1::WatchJobRequest* request) {
  return WatchJobReactor::Start(environment_, watch_job_, *context, *request);
}

grpc::ServerUnaryReactor* TrainingService::CancelJob(grpc::CallbackServerContext* context,
                                                     const v1::CancelJobRequest* request,
                                                     v1::Job* response) {
  return OperatorCall::Start(environment_.rpc, environment_.reads, cancel_job_, *context,
                             [this, actor = context->peer(), request, response]() -> absl::Status {
                               GUICHET_RETURN_IF_ERROR(CheckTrains(environment_));
                               GUICHET_ASSIGN_OR_RETURN(
                                   const JobRecord job,
                                   environment_.jobs->Cancel(request->job_id(), actor));
                               ToMessage(job, /*whole=*/true, response);
                               return absl::OkStatus();
                             });
}

}  // namespace guichet
