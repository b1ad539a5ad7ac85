// guichet.v1.Training and Models through the real server and the real trainer.

#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "tests/integration/server/operations_fixture.h"
#include "tests/support/http_get.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

std::string Contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

class TrainingServiceTest : public OperationsTest {
 protected:
  // Sends a header and bytes, in parts.
  grpc::Status Upload(const v1::UploadHeader& header, std::string_view bytes,
                      v1::UploadDatasetResponse* response) {
    grpc::ClientContext context;
    SetDeadline(context);
    const auto stream = training_->UploadDataset(&context, response);
    v1::UploadDatasetRequest message;
    *message.mutable_header() = header;
    bool open = stream->Write(message);
    constexpr std::size_t kPart = 10'000;
    for (std::size_t at = 0; open && at < bytes.size(); at += kPart) {
      message.set_data(std::string(bytes.substr(at, kPart)));
      open = stream->Write(message);
    }
    stream->WritesDone();
    return stream->Finish();
  }

  // An upload that sends its header and some bytes, and then nothing.
  struct SilentUpload {
    grpc::ClientContext context;
    v1::UploadDatasetResponse response;
    std::unique_ptr<grpc::ClientWriter<v1::UploadDatasetRequest>> stream;
  };
  std::unique_ptr<SilentUpload> BeginUpload(const v1::UploadHeader& header, std::string bytes) {
    auto upload = std::make_unique<SilentUpload>();
    SetDeadline(upload->context);
    upload->stream = training_->UploadDataset(&upload->context, &upload->response);
    v1::UploadDatasetRequest message;
    *message.mutable_header() = header;
    EXPECT_TRUE(upload->stream->Write(message));
    message.set_data(std::move(bytes));
    EXPECT_TRUE(upload->stream->Write(message));
    return upload;
  }

  static v1::UploadHeader HeaderOf(const std::string& contents) {
    v1::UploadHeader header;
    header.set_sha256(Sha256Hex(contents));
    header.set_size(static_cast<std::int64_t>(contents.size()));
    header.set_name("tickets.jsonl");
    return header;
  }
};

TEST_F(TrainingServiceTest, ABetterModelIsTrainedPublishedPutInServiceAndTakenBack) {
  StartServer();
  v1::Job job;
  const grpc::Status accepted = Train(RequestOf("first"), &job);
  ASSERT_TRUE(accepted.ok()) << accepted.error_message();
  EXPECT_EQ(job.state(), v1::QUEUED);
  const v1::Job ended = Await(job.id());
  ASSERT_EQ(ended.state(), v1::SUCCEEDED) << ended.error().message() << server_->log();
  EXPECT_EQ(ended.verdict(), v1::PROMOTE) << ended.gate_json();
  EXPECT_EQ(ended.version(), 2);
  EXPECT_TRUE(ended.promoted()) << ended.note();
  const auto figures = nlohmann::json::parse(ended.summary_json());
  EXPECT_EQ(ended.training_rows() + ended.validation_rows() + ended.holdout_rows() +
                figures.value("near_holdout_rows", 0),
            800);
  EXPECT_GT(nlohmann::json::parse(ended.summary_json()).at("macro_f1").get<double>(), 0.1);

  v1::ListVersionsResponse versions = Versions();
  ASSERT_EQ(versions.versions_size(), 2);
  EXPECT_EQ(versions.version_in_service(), 2);
  EXPECT_EQ(versions.previous_version(), 1);
  EXPECT_EQ(versions.versions(0).state(), v1::LOADED) << "a rollback must not wait for the disk";
  EXPECT_EQ(versions.versions(1).state(), v1::IN_SERVICE);
  EXPECT_EQ(versions.versions(1).job_id(), job.id());
  EXPECT_EQ(versions.versions(1).labels_size(), 12);

  v1::ClassifyRequest question;
  question.add_tickets()->set_body("Mon VPN ne se connecte plus");
  v1::ClassifyResponse answer;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(classification_->Classify(&context, question, &answer).ok());
  }
  EXPECT_EQ(answer.version(), 2);
  ASSERT_TRUE(Rollback().ok());
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(classification_->Classify(&context, question, &answer).ok());
  }
  EXPECT_EQ(answer.version(), 1);

  const std::string metrics = HttpGet(server_->http_port(), "/metrics").body;
  EXPECT_EQ(MetricValue(metrics, "guichet_jobs{state=\"SUCCEEDED\"}"), 1);
  EXPECT_EQ(MetricValue(metrics, "guichet_job_verdict_total{verdict=\"PROMOTE\"}"), 1);
  EXPECT_EQ(MetricValue(metrics, "guichet_job_progress_ratio"), 1);
}

TEST_F(TrainingServiceTest, ARepeatedRequestStartsNoSecondJob) {
  StartServer();
  v1::TrainRequest request = RequestOf("again");
  v1::Job first;
  v1::Job second;
  ASSERT_TRUE(Train(request, &first).ok());
  ASSERT_TRUE(Train(request, &second).ok());
  EXPECT_EQ(first.id(), second.id());
  request.set_policy(v1::NEVER);
  const grpc::Status clash = Train(request, &second);
  EXPECT_EQ(clash.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(clash.error_message(), HasSubstr("request_id"));
}

TEST_F(TrainingServiceTest, JobsWaitInABoundedQueueAndAreListedAndCancelled) {
  StartServer({"--training.max_queued_jobs", "1"});
  v1::TrainRequest endless = RequestOf("endless");
  endless.set_plan("epochs: 1000\nbatch_size: 1\npatience: 0\ndevice: cpu\n");
  v1::Job running;
  ASSERT_TRUE(Train(endless, &running).ok());
  v1::Job waiting;
  grpc::Status status;
  // The first leaves the queue when its process starts.
  do {
    status = Train(RequestOf("waiting"), &waiting);
  } while (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_TRUE(status.ok()) << status.error_message();
  status = Train(RequestOf("third"), &waiting);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("training.max_queued_jobs"));

  v1::ListJobsRequest page;
  page.set_page_size(1);
  v1::ListJobsResponse list;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(training_->ListJobs(&context, page, &list).ok());
  }
  ASSERT_EQ(list.jobs_size(), 1);
  EXPECT_EQ(list.jobs(0).request_id(), "waiting");
  page.set_page_token(list.next_page_token());
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(training_->ListJobs(&context, page, &list).ok());
  }
  ASSERT_EQ(list.jobs_size(), 1);
  EXPECT_EQ(list.jobs(0).request_id(), "endless");
  EXPECT_EQ(list.next_page_token(), "");

  v1::CancelJobRequest cancel;
  cancel.set_job_id(running.id());
  v1::Job cancelled;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(training_->CancelJob(&context, cancel, &cancelled).ok());
  }
  EXPECT_EQ(Await(running.id()).state(), v1::CANCELLED);
  {
    grpc::ClientContext context;
    SetDeadline(context);
    EXPECT_EQ(training_->CancelJob(&context, cancel, &cancelled).error_code(),
              grpc::StatusCode::FAILED_PRECONDITION);
  }
  EXPECT_EQ(Versions().versions_size(), 1);
}

TEST_F(TrainingServiceTest, AnUploadGoesOnWhereItBroke) {
  StartServer();
  const std::string contents = Contents(Tickets());
  v1::UploadHeader header = HeaderOf(contents);
  v1::UploadDatasetResponse response;
  ASSERT_TRUE(Upload(header, contents.substr(0, 25'000), &response).ok());
  EXPECT_FALSE(response.complete());
  EXPECT_EQ(response.committed_bytes(), 25'000);

  grpc::Status status = Upload(header, contents, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_THAT(status.error_message(), HasSubstr("25000"));

  header.set_offset(25'000);
  ASSERT_TRUE(Upload(header, std::string_view(contents).substr(25'000), &response).ok());
  EXPECT_TRUE(response.complete());
  EXPECT_EQ(response.dataset_id(), Sha256Hex(contents));

  header.set_offset(0);
  ASSERT_TRUE(Upload(header, "", &response).ok());
  EXPECT_TRUE(response.complete()) << "the same bytes are stored once";

  v1::TrainRequest request = RequestOf("uploaded");
  request.mutable_data()->set_dataset_id(response.dataset_id());
  v1::Job job;
  status = Train(request, &job);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Await(job.id()).state(), v1::SUCCEEDED);
}

TEST_F(TrainingServiceTest, AnUploadThatFallsSilentIsEndedAndItsBytesAreKept) {
  StartServer({"--training.upload_idle_timeout", "300ms"});
  const std::string contents = Contents(Tickets());
  const v1::UploadHeader header = HeaderOf(contents);
  const auto silent = BeginUpload(header, contents.substr(0, 20'000));
  const grpc::Status status = silent->stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(status.error_message(), HasSubstr("training.upload_idle_timeout"));
  v1::UploadDatasetResponse response;
  const grpc::Status asked = Upload(header, "", &response);
  ASSERT_TRUE(asked.ok()) << asked.error_message();
  EXPECT_EQ(response.committed_bytes(), 20'000);
}

TEST_F(TrainingServiceTest, ADrainEndsAnUploadAndKeepsItsBytes) {
  StartServer();
  const std::string contents = Contents(Tickets());
  const v1::UploadHeader header = HeaderOf(contents);
  const auto silent = BeginUpload(header, contents.substr(0, 20'000));
  const auto stored = StateFolder() / "datasets" / (header.sha256() + ".part");
  std::error_code not_there;
  while (std::filesystem::file_size(stored, not_there) != 20'000) std::this_thread::yield();
  server_->Signal(SIGTERM);
  const grpc::Status status = silent->stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("draining"));
  EXPECT_EQ(server_->Wait(), 0);
  StartServer();
  v1::UploadDatasetResponse response;
  ASSERT_TRUE(Upload(header, "", &response).ok());
  EXPECT_EQ(response.committed_bytes(), 20'000);
}

TEST_F(TrainingServiceTest, AnUploadWithAnotherHashIsDropped) {
  StartServer();
  const std::string contents = Contents(Tickets());
  v1::UploadHeader header = HeaderOf(contents);
  header.set_sha256(std::string(64, 'a'));
  v1::UploadDatasetResponse response;
  const grpc::Status status = Upload(header, contents, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("header.sha256"));
  ASSERT_TRUE(Upload(header, "", &response).ok());
  EXPECT_EQ(response.committed_bytes(), 0);
}

TEST_F(TrainingServiceTest, BadRequestsNameTheFieldTheLimitAndTheRemedy) {
  StartServer();
  v1::Job job;
  const auto refused = [&](const std::function<void(v1::TrainRequest&)>& spoil) {
    v1::TrainRequest request = RequestOf("bad");
    spoil(request);
    const grpc::Status status = Train(request, &job);
    EXPECT_FALSE(status.ok());
    return std::to_string(status.error_code()) + ": " + status.error_message();
  };
  EXPECT_THAT(refused([](auto& request) { request.set_request_id(""); }),
              HasSubstr("3: request_id: it must be 1 to 128"));
  EXPECT_THAT(refused([](auto& request) { request.clear_data(); }),
              HasSubstr("3: data: give dataset_id"));
  EXPECT_THAT(refused([](auto& request) { request.mutable_data()->set_path("/etc/passwd"); }),
              HasSubstr("training.dataset_roots"));
  EXPECT_THAT(
      refused([](auto& request) {
        request.mutable_data()->set_path(Tickets().parent_path().string() + "/../../etc/passwd");
      }),
      HasSubstr("training.dataset_roots"));
  EXPECT_THAT(refused([](auto& request) { request.mutable_data()->set_dataset_id("x"); }),
              HasSubstr("3: data.dataset_id"));
  EXPECT_THAT(refused([](auto& request) { request.set_plan("epochs: 0\n"); }),
              HasSubstr("3: plan"));
  EXPECT_THAT(refused([](auto& request) { request.set_model("other"); }),
              HasSubstr("5: no model \"other\""));
  EXPECT_THAT(refused([](auto& request) { request.set_holdout_share(1.5); }),
              HasSubstr("3: holdout_share is 1.5"));
  EXPECT_THAT(refused([](auto& request) { request.mutable_gate()->set_margin(-1); }),
              HasSubstr("3: "));
}

TEST_F(TrainingServiceTest, FindingsAreNumberedAndErrorsRefuse) {
  StartServer();
  const std::string contents = Contents(Tickets()) +
                               "{\"subject\":\"VPN\",\"body\":\"\",\"label\":\"\"}\n"
                               "not json\n";
  v1::UploadDatasetResponse uploaded;
  ASSERT_TRUE(Upload(HeaderOf(contents), contents, &uploaded).ok());
  v1::ValidateDatasetRequest request;
  request.mutable_data()->set_dataset_id(uploaded.dataset_id());
  v1::ValidateDatasetResponse report;
  grpc::ClientContext context;
  SetDeadline(context);
  ASSERT_TRUE(training_->ValidateDataset(&context, request, &report).ok());
  EXPECT_TRUE(report.has_errors());
  EXPECT_EQ(report.labels_size(), 12);
  ASSERT_GE(report.findings_size(), 1);
  EXPECT_EQ(report.findings(0).code(), "invalid_rows");
  EXPECT_EQ(report.findings(0).lines(0), 802);
  v1::TrainRequest train = RequestOf("refused");
  train.mutable_data()->set_dataset_id(uploaded.dataset_id());
  v1::Job job;
  const grpc::Status status = Train(train, &job);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("line 802"));
}

TEST_F(TrainingServiceTest, AnExportIsValidatedByItsPreset) {
  StartServer();
  // As GLPI writes it and a French Excel saves it again.
  const std::string contents =
      "ID;Titre;Description;Cat\xE9gorie\r\n"
      "1;VPN coup\xE9;\"&lt;p&gt;\xE9"
      "crire \xE0 a@b.fr&lt;/p&gt;\";R\xE9seau\r\n"
      "2;\xC9"
      "cran noir;depuis ce matin;\xC9quipement\r\n";
  v1::UploadHeader header = HeaderOf(contents);
  header.set_name("glpi.csv");
  v1::UploadDatasetResponse uploaded;
  ASSERT_TRUE(Upload(header, contents, &uploaded).ok());
  v1::ValidateDatasetRequest request;
  request.mutable_data()->set_dataset_id(uploaded.dataset_id());
  request.mutable_data()->set_preset("glpi");
  v1::ValidateDatasetResponse report;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(training_->ValidateDataset(&context, request, &report).ok());
  }
  EXPECT_EQ(report.rows(), 2);
  EXPECT_EQ(report.encoding(), "windows-1252");
  std::map<std::string, const v1::DatasetFinding*> findings;
  for (const v1::DatasetFinding& finding : report.findings()) findings[finding.code()] = &finding;
  ASSERT_TRUE(findings.contains("unknown_labels")) << report.DebugString();
  EXPECT_EQ(findings["unknown_labels"]->count(), 2);
  ASSERT_TRUE(findings.contains("personal_email"));
  EXPECT_EQ(findings["personal_email"]->lines(0), 2);
  EXPECT_EQ(report.DebugString().find("a@b.fr"), std::string::npos);

  request.mutable_data()->set_preset("osticket");
  grpc::ClientContext context;
  SetDeadline(context);
  const grpc::Status status = training_->ValidateDataset(&context, request, &report);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("glpi, zammad and jira"));
}

TEST_F(TrainingServiceTest, WithoutATrainingFolderNothingIsTrained) {
  server_ = std::make_unique<ServerProcess>(Bundle());
  channel_ = grpc::CreateChannel(server_->target(), grpc::InsecureChannelCredentials());
  training_ = v1::Training::NewStub(channel_);
  models_ = v1::Models::NewStub(channel_);
  v1::Job job;
  const grpc::Status status = Train(RequestOf("none"), &job);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("training.folder"));
  EXPECT_EQ(Versions().version_in_service(), 1);
}

}  // namespace
}  // namespace guichet
