#include "client/operator_client.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "client/error_details.h"
#include "tests/support/refusal.h"
#include "tests/support/scripted_operator_server.h"
#include "tests/support/temp_folder.h"

// The operator's client against a real gRPC server in this process.

namespace guichet {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const grpc::Status kDraining = Refusal(grpc::StatusCode::UNAVAILABLE, "draining");
constexpr auto kPart = static_cast<std::int64_t>(DatasetFile::kPartBytes);

v1::WatchJobResponse Progress(std::int64_t sequence) {
  v1::WatchJobResponse event;
  event.mutable_progress()->set_sequence(sequence);
  return event;
}

v1::WatchJobResponse JobIn(v1::JobState state) {
  v1::WatchJobResponse event;
  event.mutable_job()->set_id("j1");
  event.mutable_job()->set_state(state);
  return event;
}

// Sends the events and ends the stream so.
ScriptedOperatorServer::WatchScript SendThen(std::vector<v1::WatchJobResponse> events,
                                             const grpc::Status& status) {
  return [events = std::move(events), status](grpc::ServerContext&, const v1::WatchJobRequest&,
                                              ScriptedOperatorServer::WatchWriter& writer) {
    for (const v1::WatchJobResponse& event : events) writer.Write(event);
    return status;
  };
}

// Sends the events and nothing more.
ScriptedOperatorServer::WatchScript SendAndHold(std::vector<v1::WatchJobResponse> events) {
  return [events = std::move(events)](grpc::ServerContext& context, const v1::WatchJobRequest&,
                                      ScriptedOperatorServer::WatchWriter& writer) {
    for (const v1::WatchJobResponse& event : events) writer.Write(event);
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  };
}

class OperatorClientTest : public testing::Test {
 protected:
  OperatorClientTest() {
    options_.client.target = server_.target();
    options_.client.retry.initial_backoff = milliseconds(1);
  }

  OperatorClient& Client() {
    if (client_ == nullptr) client_ = OperatorClient::Connect(options_).value();
    return *client_;
  }

  DatasetFile Write(const std::string& bytes) {
    path_ = folder_.path() / "tickets.csv";
    std::ofstream(path_, std::ios::binary) << bytes;
    return DatasetFile::Open(path_, {}).value();
  }

  std::vector<std::int64_t> HeaderOffsets() {
    std::vector<std::int64_t> offsets;
    for (const v1::UploadHeader& header : server_.requests<v1::UploadHeader>()) {
      offsets.push_back(header.offset());
    }
    return offsets;
  }

  // Watches job j1 from the beginning; sequences_ grows by what is told.
  absl::StatusOr<v1::Job> Watch(const std::function<void(std::int64_t)>& on_progress = {}) {
    v1::WatchJobRequest request;
    request.set_job_id("j1");
    return Client().WatchJob(request, {.on_event =
                                           [&](const v1::WatchJobResponse& event) {
                                             if (!event.has_progress()) return;
                                             sequences_.push_back(event.progress().sequence());
                                             if (on_progress) on_progress(sequences_.back());
                                           },
                                       .on_lost = [&](const absl::Status&) { ++lost_; }});
  }

  std::vector<std::int64_t> AskedAfter() {
    std::vector<std::int64_t> after;
    for (const auto& request : server_.requests<v1::WatchJobRequest>()) {
      after.push_back(request.after_sequence());
    }
    return after;
  }

  ScriptedOperatorServer server_;
  OperatorOptions options_;
  std::unique_ptr<OperatorClient> client_;
  TempFolder folder_;
  std::filesystem::path path_;
  std::vector<std::int64_t> sequences_;
  int lost_ = 0;
};

TEST_F(OperatorClientTest, UploadsAFileInParts) {
  const std::string bytes = std::string(2 * kPart + 7, 'x');
  DatasetFile file = Write(bytes);
  std::vector<std::int64_t> progress;
  const auto response =
      Client().UploadDataset(file, [&](std::int64_t done) { progress.push_back(done); });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->complete());
  EXPECT_EQ(response->dataset_id(), Sha256Hex(bytes));
  EXPECT_EQ(server_.stored(Sha256Hex(bytes)), bytes);
  EXPECT_EQ(server_.parts_received(), 3);
  EXPECT_THAT(progress, ElementsAre(0, kPart, 2 * kPart, 2 * kPart + 7));
  const auto headers = server_.requests<v1::UploadHeader>();
  ASSERT_THAT(headers, SizeIs(2));  // the question and the stream
  EXPECT_EQ(headers[1].name(), "tickets.csv");
  EXPECT_EQ(headers[1].size(), static_cast<std::int64_t>(bytes.size()));
}

TEST_F(OperatorClientTest, ABrokenUploadGoesOnFromWhatIsStored) {
  std::string bytes(5 * kPart, ' ');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + i / 1000 % 26);
  DatasetFile file = Write(bytes);
  server_.ThenBreakUpload(2, kDraining);
  server_.ThenBreakUpload(1, {grpc::StatusCode::UNAVAILABLE, "connection reset"});
  const auto response = Client().UploadDataset(file, {});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(server_.stored(file.sha256()), bytes);
  EXPECT_THAT(HeaderOffsets(), ElementsAre(0, 0, 0, 2 * kPart, 0, 3 * kPart));
}

TEST_F(OperatorClientTest, AnUploadThatGetsOnIsNotGivenUp) {
  options_.client.retry.max_attempts = 2;
  DatasetFile file = Write(std::string(6 * kPart, 'x'));
  for (int i = 0; i < 5; ++i) server_.ThenBreakUpload(1, kDraining);
  EXPECT_TRUE(Client().UploadDataset(file, {}).ok());
}

TEST_F(OperatorClientTest, AnUploadThatDoesNotGetOnIsGivenUp) {
  options_.client.retry.max_attempts = 3;
  DatasetFile file = Write(std::string(kPart, 'x'));
  for (int i = 0; i < 10; ++i) server_.ThenFail("UploadDataset", kDraining);
  const auto response = Client().UploadDataset(file, {});
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("draining (3 attempts)"));
  EXPECT_THAT(server_.requests<v1::UploadHeader>(), SizeIs(3));
}

TEST_F(OperatorClientTest, AnUploadStreamMayEndWithItsTimeAsLongAsItStoresBytes) {
  const grpc::Status out_of_time(grpc::StatusCode::DEADLINE_EXCEEDED, "out of time");
  DatasetFile file = Write(std::string(2 * kPart, 'x'));
  server_.ThenBreakUpload(1, out_of_time);
  EXPECT_TRUE(Client().UploadDataset(file, {}).ok());

  DatasetFile other = Write(std::string(2 * kPart, 'y'));
  server_.ThenFail("UploadDataset", grpc::Status::OK);  // the question
  server_.ThenFail("UploadDataset", out_of_time);
  EXPECT_EQ(Client().UploadDataset(other, {}).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(OperatorClientTest, AStoredDataSetSendsNoBytes) {
  const std::string bytes = "subject,label\nVPN,Réseau\n";
  server_.Store(Sha256Hex(bytes), bytes);
  DatasetFile file = Write(bytes);
  const auto response = Client().UploadDataset(file, {});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->complete());
  EXPECT_EQ(server_.parts_received(), 0);
  EXPECT_THAT(server_.requests<v1::UploadHeader>(), SizeIs(1));
}

TEST_F(OperatorClientTest, AnUploadWaitsForAnotherOfTheSameBytes) {
  DatasetFile file = Write("a,label\n1,x\n");
  server_.ThenFail("UploadDataset", Refusal(grpc::StatusCode::ABORTED, "written by another call"));
  EXPECT_TRUE(Client().UploadDataset(file, {}).ok());
}

TEST_F(OperatorClientTest, ARefusedUploadIsNotRepeated) {
  DatasetFile file = Write("a,label\n1,x\n");
  server_.ThenFail("UploadDataset", Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "no room"));
  EXPECT_EQ(Client().UploadDataset(file, {}).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(server_.requests<v1::UploadHeader>(), SizeIs(1));
}

TEST_F(OperatorClientTest, AFileThatShrinksIsToldApartFromTheServersErrors) {
  DatasetFile file = Write(std::string(3 * kPart, 'x'));
  std::filesystem::resize_file(path_, kPart + 5);
  const auto response = Client().UploadDataset(file, {});
  EXPECT_EQ(response.status().code(), absl::StatusCode::kDataLoss) << response.status();
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("tickets.csv became shorter"));
}

TEST_F(OperatorClientTest, AnUploadIsOfAFileThatCanBeReadTwice) {
  EXPECT_EQ(DatasetFile::Open(folder_.path() / "none.csv", {}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(DatasetFile::Open(folder_.path(), {}).status().message()),
              HasSubstr("not a regular file"));
  std::ofstream(folder_.path() / "empty.csv");
  EXPECT_THAT(std::string(DatasetFile::Open(folder_.path() / "empty.csv", {}).status().message()),
              HasSubstr("is empty"));
}

TEST_F(OperatorClientTest, AWatchThatBreaksGoesOnWithoutGapsOrRepeats) {
  server_.answers.watch = {Progress(1), Progress(2), Progress(3),
                           Progress(4), Progress(5), JobIn(v1::SUCCEEDED)};
  server_.ThenWatch(SendThen({JobIn(v1::RUNNING), Progress(1), Progress(2)}, kDraining));
  server_.ThenWatch(SendThen({}, {grpc::StatusCode::UNAVAILABLE, "connection reset"}));
  server_.ThenWatch(SendThen({Progress(3)}, grpc::Status::CANCELLED));
  const auto job = Watch();
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::SUCCEEDED);
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(AskedAfter(), ElementsAre(0, 2, 2, 3));
  EXPECT_EQ(lost_, 3);
}

TEST_F(OperatorClientTest, AWatchSurvivesARestartOfTheServer) {
  server_.answers.watch = {Progress(1), Progress(2), Progress(3), JobIn(v1::FAILED)};
  server_.ThenWatch(SendAndHold({Progress(1), Progress(2)}));
  const auto job = Watch([&](std::int64_t sequence) {
    if (sequence == 2) server_.Restart();
  });
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::FAILED);
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3));
  EXPECT_THAT(AskedAfter(), ElementsAre(0, 2));
}

TEST_F(OperatorClientTest, AWatchOutlivesTheTimeOfItsStreams) {
  options_.stream_timeout = milliseconds(250);
  server_.answers.watch = {Progress(1), Progress(2), JobIn(v1::CANCELLED)};
  server_.ThenWatch(SendAndHold({Progress(1)}));
  server_.ThenWatch(SendAndHold({}));
  const auto job = Watch();
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_THAT(sequences_, ElementsAre(1, 2));
  EXPECT_GE(AskedAfter().size(), 3U);
  EXPECT_EQ(lost_, 0);
}

TEST_F(OperatorClientTest, AWatchGivesUpAServerThatStaysAway) {
  options_.reconnect_time = milliseconds(300);
  server_.ThenWatch(SendAndHold({Progress(1)}));
  const auto job = Watch([&](std::int64_t) { server_.Stop(); });
  EXPECT_EQ(job.status().code(), absl::StatusCode::kUnavailable) << job.status();
  EXPECT_THAT(std::string(job.status().message()), HasSubstr("attempts"));
}

TEST_F(OperatorClientTest, AWatchThatEndsBeforeItsJobIsAnError) {
  server_.ThenWatch(SendThen({Progress(1), JobIn(v1::RUNNING)}, grpc::Status::OK));
  EXPECT_EQ(Watch().status().code(), absl::StatusCode::kInternal);
  server_.ThenFail("WatchJob", Refusal(grpc::StatusCode::NOT_FOUND, "no job j1"));
  EXPECT_EQ(Watch().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(OperatorClientTest, StoppingEndsAWatch) {
  std::atomic<bool> stop = false;
  options_.stop = [&stop] { return stop.load(); };
  server_.ThenWatch(SendAndHold({Progress(1)}));
  EXPECT_EQ(Watch([&](std::int64_t) { stop = true; }).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(OperatorClientTest, RepeatsWhatIsSafeToRepeat) {
  for (const char* method :
       {"ValidateDataset", "Train", "GetJob", "ListJobs", "ListVersions", "GetVersion"}) {
    server_.ThenFail(method, kDraining);
  }
  v1::TrainRequest train;
  train.set_request_id("once");
  EXPECT_TRUE(Client().ValidateDataset({}).ok());
  EXPECT_TRUE(Client().Train(train).ok());
  EXPECT_TRUE(Client().GetJob({}).ok());
  EXPECT_TRUE(Client().ListJobs({}).ok());
  EXPECT_TRUE(Client().ListVersions({}).ok());
  EXPECT_TRUE(Client().GetVersion({}).ok());
  const auto trained = server_.requests<v1::TrainRequest>();
  ASSERT_THAT(trained, SizeIs(2));
  EXPECT_EQ(trained[1].request_id(), "once");  // by which the server knows it again
}

TEST_F(OperatorClientTest, SendsOnceWhatIsNotSafeToRepeat) {
  for (const char* method : {"Train", "CancelJob", "Promote", "Rollback", "Pin", "DeleteVersion"}) {
    server_.ThenFail(method, kDraining);
  }
  EXPECT_THAT((std::vector<absl::StatusCode>{
                  Client().Train({}).status().code(), Client().CancelJob({}).status().code(),
                  Client().Promote({}).status().code(), Client().Rollback({}).status().code(),
                  Client().Pin({}).status().code(), Client().DeleteVersion({}).code()}),
              Each(absl::StatusCode::kUnavailable));
  EXPECT_THAT(server_.requests<v1::TrainRequest>(), SizeIs(1));
  EXPECT_THAT(server_.requests<v1::CancelJobRequest>(), SizeIs(1));
  EXPECT_THAT(server_.requests<v1::PromoteRequest>(), SizeIs(1));
  EXPECT_THAT(server_.requests<v1::RollbackRequest>(), SizeIs(1));
  EXPECT_THAT(server_.requests<v1::PinRequest>(), SizeIs(1));
  EXPECT_THAT(server_.requests<v1::DeleteVersionRequest>(), SizeIs(1));
}

TEST_F(OperatorClientTest, ErrorsKeepTheServersReason) {
  server_.ThenFail("Promote", Refusal(grpc::StatusCode::ABORTED, "version 5 came into service"));
  const auto version = Client().Promote({});
  EXPECT_EQ(version.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(version.status()), "TEST");
}

TEST_F(OperatorClientTest, NobodyThereIsUnavailableWithoutAReason) {
  options_.client.target = "127.0.0.1:1";
  options_.client.retry.max_attempts = 2;
  const auto job = Client().GetJob({});
  EXPECT_EQ(job.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(job.status()), "");
  EXPECT_THAT(std::string(job.status().message()), HasSubstr("(2 attempts)"));
}

TEST_F(OperatorClientTest, SendsTheTokenOfTheFile) {
  options_.client.token_file = (folder_.path() / "token").string();
  EXPECT_EQ(OperatorClient::Connect(options_).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(options_.client.token_file) << "s3cret\n";
  ASSERT_TRUE(Client().GetJob({}).ok());
  EXPECT_THAT(server_.tokens(), ElementsAre("Bearer s3cret"));
}

TEST(OperatorOptionsTest, ValidationNamesTheField) {
  OperatorOptions options;
  EXPECT_TRUE(options.Validate().ok());
  options.stream_timeout = milliseconds(0);
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("stream_timeout in ms is 0"));
  options = {};
  options.reconnect_time = std::chrono::hours(2);
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("reconnect_time"));
}

}  // namespace
}  // namespace guichet
