#include "tests/support/scripted_operator_server.h"

#include <chrono>

#include <grpcpp/server_builder.h>

#include "base/sha256.h"

namespace guichet {

namespace {

// The rows of a page; a token is the index of the next one.
template <typename Request, typename Row, typename Rows, typename Response>
void FillPage(const Request& request, const std::vector<Row>& all, Rows& rows, Response& response) {
  std::size_t next = request.page_token().empty() ? 0 : std::stoul(request.page_token());
  for (int i = 0; i < request.page_size() && next < all.size(); ++i) *rows.Add() = all[next++];
  if (next < all.size()) response.set_next_page_token(std::to_string(next));
}

}  // namespace

class ScriptedOperatorServer::TrainingService final : public v1::Training::Service {
 public:
  explicit TrainingService(ScriptedOperatorServer& server) : server_(server) {}

  grpc::Status UploadDataset(grpc::ServerContext* context, UploadReader* reader,
                             v1::UploadDatasetResponse* response) override {
    return server_.Upload(*context, *reader, *response);
  }
  grpc::Status ValidateDataset(grpc::ServerContext* context,
                               const v1::ValidateDatasetRequest* request,
                               v1::ValidateDatasetResponse* response) override {
    *response = server_.answers.validation;
    return server_.Take("ValidateDataset", *context, *request);
  }
  grpc::Status Train(grpc::ServerContext* context, const v1::TrainRequest* request,
                     v1::Job* response) override {
    *response = server_.answers.job;
    return server_.Take("Train", *context, *request);
  }
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::Job* response) override {
    *response = server_.answers.job;
    return server_.Take("GetJob", *context, *request);
  }
  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override {
    FillPage(*request, server_.answers.jobs, *response->mutable_jobs(), *response);
    return server_.Take("ListJobs", *context, *request);
  }
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        WatchWriter* writer) override {
    const grpc::Status status = server_.Take("WatchJob", *context, *request);
    return status.ok() ? server_.Watch(*context, *request, *writer) : status;
  }
  grpc::Status CancelJob(grpc::ServerContext* context, const v1::CancelJobRequest* request,
                         v1::Job* response) override {
    *response = server_.answers.job;
    return server_.Take("CancelJob", *context, *request);
  }

 private:
  ScriptedOperatorServer& server_;
};

class ScriptedOperatorServer::ModelsService final : public v1::Models::Service {
 public:
  explicit ModelsService(ScriptedOperatorServer& server) : server_(server) {}

  grpc::Status ListVersions(grpc::ServerContext* context, const v1::ListVersionsRequest* request,
                            v1::ListVersionsResponse* response) override {
    *response = server_.answers.versions;
    return server_.Take("ListVersions", *context, *request);
  }
  grpc::Status GetVersion(grpc::ServerContext* context, const v1::GetVersionRequest* request,
                          v1::ModelVersion* response) override {
    *response = server_.answers.version;
    return server_.Take("GetVersion", *context, *request);
  }
  grpc::Status Promote(grpc::ServerContext* context, const v1::PromoteRequest* request,
                       v1::ModelVersion* response) override {
    *response = server_.answers.version;
    return server_.Take("Promote", *context, *request);
  }
  grpc::Status Rollback(grpc::ServerContext* context, const v1::RollbackRequest* request,
                        v1::ModelVersion* response) override {
    *response = server_.answers.version;
    return server_.Take("Rollback", *context, *request);
  }
  grpc::Status Pin(grpc::ServerContext* context, const v1::PinRequest* request,
                   v1::ModelVersion* response) override {
    *response = server_.answers.version;
    return server_.Take("Pin", *context, *request);
  }
  grpc::Status DeleteVersion(grpc::ServerContext* context, const v1::DeleteVersionRequest* request,
                             v1::DeleteVersionResponse*) override {
    return server_.Take("DeleteVersion", *context, *request);
  }
  grpc::Status ListAuditEntries(grpc::ServerContext* context,
                                const v1::ListAuditEntriesRequest* request,
                                v1::ListAuditEntriesResponse* response) override {
    if (request->verify()) *response = server_.answers.audit_check;
    FillPage(*request, server_.answers.audit, *response->mutable_entries(), *response);
    return server_.Take("ListAuditEntries", *context, *request);
  }

 private:
  ScriptedOperatorServer& server_;
};

class ScriptedOperatorServer::FeedbackService final : public v1::Feedback::Service {
 public:
  explicit FeedbackService(ScriptedOperatorServer& server) : server_(server) {}

  grpc::Status Submit(grpc::ServerContext* context, const v1::SubmitFeedbackRequest* request,
                      v1::Correction* response) override {
    *response = server_.answers.correction;
    return server_.Take("Submit", *context, *request);
  }
  grpc::Status ListReviewQueue(grpc::ServerContext* context,
                               const v1::ListReviewQueueRequest* request,
                               v1::ListReviewQueueResponse* response) override {
    FillPage(*request, server_.answers.review, *response->mutable_items(), *response);
    return server_.Take("ListReviewQueue", *context, *request);
  }

 private:
  ScriptedOperatorServer& server_;
};

ScriptedOperatorServer::ScriptedOperatorServer()
    : training_(std::make_unique<TrainingService>(*this)),
      models_(std::make_unique<ModelsService>(*this)),
      feedback_(std::make_unique<FeedbackService>(*this)) {
  Start();
}

ScriptedOperatorServer::~ScriptedOperatorServer() { Stop(); }

void ScriptedOperatorServer::Start() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(training_.get());
  builder.RegisterService(models_.get());
  builder.RegisterService(feedback_.get());
  server_ = builder.BuildAndStart();
}

void ScriptedOperatorServer::Restart() {
  Stop();
  Start();
}

void ScriptedOperatorServer::Stop() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void ScriptedOperatorServer::ThenFail(const std::string& method, const grpc::Status& status) {
  MutexLock lock(mutex_);
  failures_[method].push_back(status);
}

void ScriptedOperatorServer::ThenBreakUpload(int parts, const grpc::Status& status) {
  MutexLock lock(mutex_);
  upload_breaks_.emplace_back(parts, status);
}

void ScriptedOperatorServer::ThenWatch(WatchScript script) {
  MutexLock lock(mutex_);
  watch_scripts_.push_back(std::move(script));
}

void ScriptedOperatorServer::Store(const std::string& sha256, const std::string& bytes) {
  MutexLock lock(mutex_);
  stored_[sha256] = bytes;
}

std::vector<std::string> ScriptedOperatorServer::tokens() {
  MutexLock lock(mutex_);
  return tokens_;
}

std::int64_t ScriptedOperatorServer::parts_received() {
  MutexLock lock(mutex_);
  return parts_received_;
}

std::string ScriptedOperatorServer::stored(const std::string& sha256) {
  MutexLock lock(mutex_);
  return stored_[sha256];
}

grpc::Status ScriptedOperatorServer::Take(const std::string& method,
                                          const grpc::ServerContext& context,
                                          const google::protobuf::Message& request) {
  MutexLock lock(mutex_);
  requests_.emplace_back(request.New());
  requests_.back()->CopyFrom(request);
  const auto token = context.client_metadata().find("authorization");
  tokens_.emplace_back(token == context.client_metadata().end()
                           ? ""
                           : std::string(token->second.data(), token->second.size()));
  std::deque<grpc::Status>& failures = failures_[method];
  if (failures.empty()) return grpc::Status::OK;
  const grpc::Status failure = failures.front();
  failures.pop_front();
  return failure;
}

grpc::Status ScriptedOperatorServer::Upload(const grpc::ServerContext& context,
                                            UploadReader& reader,
                                            v1::UploadDatasetResponse& response) {
  v1::UploadDatasetRequest request;
  if (!reader.Read(&request) || !request.has_header()) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "the first message is no header"};
  }
  const v1::UploadHeader header = request.header();
  if (grpc::Status failure = Take("UploadDataset", context, header); !failure.ok()) return failure;
  int parts = 0;
  while (reader.Read(&request)) {
    MutexLock lock(mutex_);
    ++parts_received_;
    std::string& bytes = stored_[header.sha256()];
    if (++parts == 1 && header.offset() != static_cast<std::int64_t>(bytes.size())) {
      return {grpc::StatusCode::OUT_OF_RANGE, "the upload goes on elsewhere"};
    }
    bytes += request.data();
    if (upload_breaks_.empty() || upload_breaks_.front().first != parts) continue;
    const grpc::Status status = upload_breaks_.front().second;
    upload_breaks_.pop_front();
    return status;
  }
  const std::string bytes = stored(header.sha256());
  response.set_dataset_id(header.sha256());
  response.set_committed_bytes(static_cast<std::int64_t>(bytes.size()));
  response.set_complete(Sha256Hex(bytes) == header.sha256());
  return grpc::Status::OK;
}

grpc::Status ScriptedOperatorServer::Watch(grpc::ServerContext& context,
                                           const v1::WatchJobRequest& request,
                                           WatchWriter& writer) {
  WatchScript script;
  {
    MutexLock lock(mutex_);
    if (!watch_scripts_.empty()) {
      script = std::move(watch_scripts_.front());
      watch_scripts_.pop_front();
    }
  }
  if (script) return script(context, request, writer);
  for (const v1::WatchJobResponse& event : answers.watch) {
    if (event.has_job() || event.progress().sequence() > request.after_sequence()) {
      writer.Write(event);
    }
  }
  return grpc::Status::OK;
}

}  // namespace guichet
