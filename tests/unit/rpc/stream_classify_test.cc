#include <map>
#include <string>
#include <thread>

#include <grpcpp/generic/generic_stub.h>

#include "tests/support/http_get.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

class StreamClassifyTest : public RpcServerTest {
 protected:
  void Open() {
    SetDeadline(context_);
    stream_ = stub_->StreamClassify(&context_);
  }
  bool Write(const std::string& id, const std::string& body, bool with_options = false) {
    v1::StreamClassifyRequest request;
    request.mutable_ticket()->set_id(id);
    request.mutable_ticket()->set_body(body);
    if (with_options) request.mutable_options()->set_top_k(1);
    return stream_->Write(request);
  }
  // Reads to the end; the results by id.
  std::map<std::string, v1::StreamClassifyResponse> ReadAll() {
    std::map<std::string, v1::StreamClassifyResponse> responses;
    v1::StreamClassifyResponse response;
    while (stream_->Read(&response)) {
      EXPECT_TRUE(responses.emplace(response.result().id(), response).second) << "answered twice";
    }
    return responses;
  }
  double Metric(const std::string& series) {
    return MetricValue(HttpGet(server_->http_port(), "/metrics").body, series);
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamClassifyRequest, v1::StreamClassifyResponse>>
      stream_;
};

TEST_F(StreamClassifyTest, AnswersEveryTextAfterTheHalfClose) {
  StartServer();
  Open();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Write(std::to_string(i), "texte", i == 0));
  ASSERT_TRUE(stream_->WritesDone());
  const auto responses = ReadAll();
  EXPECT_TRUE(stream_->Finish().ok());
  ASSERT_EQ(responses.size(), 200U);
  for (const auto& [id, response] : responses) {
    EXPECT_EQ(response.result().tokens(), 7);
    EXPECT_EQ(response.result().scores_size(), 1) << "top_k of the first message";
    EXPECT_EQ(response.model(), "fake");
    EXPECT_EQ(response.version(), 1);
  }
}

TEST_F(StreamClassifyTest, AnEmptyStreamEndsWell) {
  StartServer();
  Open();
  ASSERT_TRUE(stream_->WritesDone());
  EXPECT_TRUE(ReadAll().empty());
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(StreamClassifyTest, AnswersWhileTheStreamIsOpen) {
  StartServer();
  Open();
  v1::StreamClassifyResponse response;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Write("a", "texte"));
    ASSERT_TRUE(stream_->Read(&response));
    EXPECT_EQ(response.result().scores_size(), 3);
  }
  ASSERT_TRUE(stream_->WritesDone());
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(StreamClassifyTest, ABadTextFailsAlone) {
  StartServer();
  Open();
  ASSERT_TRUE(Write("bad", ""));
  ASSERT_TRUE(Write("good", "texte"));
  ASSERT_TRUE(stream_->WritesDone());
  const auto responses = ReadAll();
  EXPECT_TRUE(stream_->Finish().ok());
  EXPECT_EQ(responses.at("bad").result().status().code(),
            static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  EXPECT_EQ(responses.at("good").result().scores_size(), 3);
}

TEST_F(StreamClassifyTest, ReadsNoMoreThanItMayHaveInFlight) {
  config_.limits.in_flight_texts_per_stream = 4;
  StartServer();
  classifier_->Hold();
  Open();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Write(std::to_string(i), "texte"));
  ASSERT_TRUE(stream_->WritesDone());
  classifier_->AwaitCalls(1);
  // What is read is tokenised at once.
  const auto read = [this] {
    return Metric("guichet_stage_duration_seconds_count{stage=\"tokenize\"}");
  };
  while (read() < 4) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read(), 4);
  classifier_->ReleaseAll();
  EXPECT_EQ(ReadAll().size(), 50U);
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(StreamClassifyTest, AFullQueueDelaysAndDropsNothing) {
  config_.pipeline.max_queue_texts = 2;
  config_.pipeline.max_batch_texts = 1;
  StartServer();
  Open();
  std::thread writer([this] {
    for (int i = 0; i < 60; ++i) EXPECT_TRUE(Write(std::to_string(i), "texte"));
    EXPECT_TRUE(stream_->WritesDone());
  });
  const auto responses = ReadAll();
  writer.join();
  EXPECT_TRUE(stream_->Finish().ok());
  ASSERT_EQ(responses.size(), 60U);
  for (const auto& [id, response] : responses) EXPECT_FALSE(response.result().has_status());
  EXPECT_LE(Metric("guichet_rejected_total{reason=\"queue_texts\"}"), 0);  // -1: no such series
}

TEST_F(StreamClassifyTest, OptionsAreForTheFirstMessageOnly) {
  StartServer();
  Open();
  ASSERT_TRUE(Write("first", "texte", true));
  Write("second", "texte", true);
  const auto responses = ReadAll();
  const grpc::Status status = stream_->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "INVALID_OPTIONS");
  EXPECT_EQ(responses.size(), 1U) << "what was read before is answered";
}

TEST_F(StreamClassifyTest, AnUnknownModelEndsTheStream) {
  StartServer();
  Open();
  v1::StreamClassifyRequest request;
  request.mutable_ticket()->set_body("texte");
  request.mutable_options()->set_model("autre");
  stream_->Write(request);
  EXPECT_TRUE(ReadAll().empty());
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(StreamClassifyTest, CancellingDropsWhatWaits) {
  StartServer();
  classifier_->Hold();
  Open();
  ASSERT_TRUE(Write("on the device", "texte"));
  classifier_->AwaitCalls(1);
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(Write(std::to_string(i), "texte"));
  while (Metric("guichet_queue_texts") < 9) std::this_thread::yield();
  context_.TryCancel();
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  while (Metric("guichet_abandoned_calls_total") < 1) std::this_thread::yield();
  classifier_->ReleaseAll();
  ASSERT_TRUE(Classify(RequestOf({"after"})).ok());
  EXPECT_EQ(Metric("guichet_rejected_total{reason=\"cancelled\"}"), 9);
}

TEST_F(StreamClassifyTest, ADrainAnswersWhatWasReadAndEndsTheStream) {
  StartServer();
  Open();
  ASSERT_TRUE(Write("read", "texte"));
  v1::StreamClassifyResponse response;
  ASSERT_TRUE(stream_->Read(&response));
  std::thread drain(
      [this] { server_->Drain(std::chrono::milliseconds(0), std::chrono::seconds(60)); });
  EXPECT_FALSE(stream_->Read(&response));
  const grpc::Status status = stream_->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(status).has_value());
  drain.join();
}

}  // namespace
}  // namespace guichet
