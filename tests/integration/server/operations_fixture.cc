#include "tests/integration/server/operations_fixture.h"

#include <chrono>

#include <grpcpp/create_channel.h>

#include "tests/support/small_ticket_model.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr int kTickets = 800;

const fs::path& SharedFolder() {
  static const TempFolder& folder = *new TempFolder();
  return folder.path();
}

}  // namespace

const fs::path& OperationsTest::Bundle() {
  static const fs::path bundle = [] {
    const fs::path path = SharedFolder() / "base";
    WriteSmallTicketModel(path);
    return path;
  }();
  return bundle;
}

const fs::path& OperationsTest::Tickets() {
  static const fs::path file = [] {
    const fs::path path = SharedFolder() / "tickets.jsonl";
    WriteTickets(path, kTickets, 3);
    return path;
  }();
  return file;
}

void OperationsTest::StartServer(const std::vector<std::string>& more_arguments) {
  std::vector<std::string> arguments = {"--training.folder",
                                        StateFolder().string(),
                                        "--training.dataset_roots",
                                        SharedFolder().string(),
                                        "--training.priority",
                                        "normal",  // other tests may run beside
                                        "--training.threads",
                                        "1",
                                        "--log.level",
                                        "info"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  server_.reset();
  server_ = std::make_unique<ServerProcess>(Bundle(), arguments);
  grpc::ChannelArguments channel;
  channel.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ =
      grpc::CreateCustomChannel(server_->target(), grpc::InsecureChannelCredentials(), channel);
  training_ = v1::Training::NewStub(channel_);
  models_ = v1::Models::NewStub(channel_);
  feedback_ = v1::Feedback::NewStub(channel_);
  classification_ = v1::Classification::NewStub(channel_);
}

void OperationsTest::SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(240));
  context.set_wait_for_ready(true);
}

v1::TrainRequest OperationsTest::RequestOf(const std::string& request_id) const {
  v1::TrainRequest request;
  request.set_request_id(request_id);
  request.mutable_data()->set_path(Tickets().string());
  request.set_plan("epochs: 12\npatience: 0\nbatch_size: 16\nlearning_rate: 0.02\ndevice: cpu\n");
  request.mutable_gate()->set_min_rows(20);
  request.mutable_gate()->set_max_calibration_growth(1.0);
  return request;
}

grpc::Status OperationsTest::Train(const v1::TrainRequest& request, v1::Job* job) {
  grpc::ClientContext context;
  SetDeadline(context);
  return training_->Train(&context, request, job);
}

v1::Job OperationsTest::Await(const std::string& job_id) {
  v1::Job job;
  v1::WatchJobRequest request;
  request.set_job_id(job_id);
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = training_->WatchJob(&context, request);
  std::int64_t sequence = 0;
  for (v1::WatchJobResponse news; stream->Read(&news);) {
    if (news.has_progress()) {
      EXPECT_EQ(news.progress().sequence(), ++sequence);
    }
    if (news.has_job()) job = news.job();
  }
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message() << server_->log();
  return job;
}

v1::ListVersionsResponse OperationsTest::Versions() {
  v1::ListVersionsResponse response;
  grpc::ClientContext context;
  SetDeadline(context);
  const grpc::Status status = models_->ListVersions(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

grpc::Status OperationsTest::Promote(std::int64_t version, std::int64_t expected, bool force) {
  v1::PromoteRequest request;
  request.set_version(version);
  request.set_expected_version_in_service(expected);
  request.set_force(force);
  grpc::ClientContext context;
  SetDeadline(context);
  v1::ModelVersion response;
  return models_->Promote(&context, request, &response);
}

grpc::Status OperationsTest::Rollback() {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::ModelVersion response;
  return models_->Rollback(&context, {}, &response);
}

}  // namespace guichet
