#include <algorithm>
#include <chrono>
#include <cmath>
#include <future>
#include <limits>

#include <grpcpp/generic/generic_stub.h>

#include "tests/support/http_get.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;

class ClassificationServiceTest : public RpcServerTest {};

TEST_F(ClassificationServiceTest, AnswersEachTicketInOrder) {
  StartServer();
  v1::ClassifyRequest request = RequestOf({"un", "deux mots", "x"});
  request.mutable_tickets(1)->set_subject("sujet");
  v1::ClassifyResponse response;
  const grpc::Status status = Classify(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.results_size(), 3);
  // Bytes and two special tokens; "sujet", a line end and "deux mots" are one text.
  const int tokens[] = {4, 17, 3};
  for (int i = 0; i < 3; ++i) {
    const v1::TicketResult& result = response.results(i);
    EXPECT_EQ(result.id(), request.tickets(i).id());
    EXPECT_FALSE(result.has_status());
    EXPECT_EQ(result.tokens(), tokens[i]);
    ASSERT_EQ(result.scores_size(), 3);
    EXPECT_EQ(result.scores(0).label(), "length");
    EXPECT_GE(result.scores(0).score(), result.scores(1).score());
    EXPECT_GE(result.scores(1).score(), result.scores(2).score());
  }
  EXPECT_EQ(response.model(), "fake");
  EXPECT_EQ(response.version(), 1);
  EXPECT_GT(response.timings().total_us(), 0);
  EXPECT_GE(response.timings().total_us(),
            response.timings().infer_us() + response.timings().tokenize_us());
}

TEST_F(ClassificationServiceTest, ScoresAreTheSoftmaxOfTheLogits) {
  StartServer();
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(RequestOf({"x"}), &response).ok());  // logits 0, 3, 1
  const double sum = std::exp(0.0) + std::exp(3.0) + std::exp(1.0);
  EXPECT_NEAR(response.results(0).scores(0).score(), std::exp(3.0) / sum, 1e-6);
  EXPECT_NEAR(response.results(0).scores(2).score(), std::exp(0.0) / sum, 1e-6);
}

TEST_F(ClassificationServiceTest, TopKAndMinScoreShortenTheAnswer) {
  StartServer();
  v1::ClassifyRequest request = RequestOf({"x"});
  request.mutable_options()->set_top_k(2);
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(request, &response).ok());
  EXPECT_EQ(response.results(0).scores_size(), 2);
  request.mutable_options()->set_top_k(0);
  request.mutable_options()->set_min_score(0.5F);
  ASSERT_TRUE(Classify(request, &response).ok());
  EXPECT_EQ(response.results(0).scores_size(), 1);
}

TEST_F(ClassificationServiceTest, ABadTicketFailsAlone) {
  config_.limits.characters_per_text = 20;
  config_.limits.ticket_id_bytes = 8;
  StartServer();
  v1::ClassifyRequest request = RequestOf({"bon", "", std::string(21, 'x'), "é", " \n\t"});
  request.mutable_tickets(3)->set_id("0123456789");
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(request, &response).ok());
  ASSERT_EQ(response.results_size(), 5);
  EXPECT_EQ(response.results(0).scores_size(), 3);
  const char* reasons[] = {"", "INVALID_TEXT", "CHARACTERS_PER_TEXT", "TICKET_ID_BYTES",
                           "INVALID_TEXT"};
  for (int i = 1; i < 5; ++i) {
    const v1::TicketResult& result = response.results(i);
    EXPECT_EQ(result.id(), request.tickets(i).id());
    EXPECT_EQ(result.scores_size(), 0);
    EXPECT_EQ(result.status().code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
    const auto info = DetailIn<google::rpc::ErrorInfo>(result.status());
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->reason(), reasons[i]);
  }
  EXPECT_NE(response.results(2).status().message().find("tickets[2]"), std::string::npos);
}

TEST_F(ClassificationServiceTest, CharactersAreCountedNotBytes) {
  config_.limits.characters_per_text = 10;
  StartServer();
  v1::ClassifyResponse response;
  EXPECT_TRUE(Classify(RequestOf({"éééééééééé"}), &response).ok());  // 20 bytes
  EXPECT_EQ(ReasonOf(Classify(RequestOf({"ééééééééééé"}))), "CHARACTERS_PER_TEXT");
}

TEST_F(ClassificationServiceTest, FailsAsAWholeWhenEveryTicketIsBad) {
  StartServer();
  const grpc::Status status = Classify(RequestOf(std::vector<std::string>(30, "")));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const auto bad = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->field_violations_size(), 20);
  EXPECT_EQ(bad->field_violations(7).field(), "tickets[7]");
  EXPECT_TRUE(classifier_->calls().empty());
}

TEST_F(ClassificationServiceTest, RefusesCallsOutsideTheLimits) {
  config_.limits.texts_per_call = 2;
  StartServer();
  v1::ClassifyRequest request = RequestOf({"x"});
  EXPECT_EQ(ReasonOf(Classify(RequestOf({}))), "TEXTS_PER_CALL");
  EXPECT_EQ(ReasonOf(Classify(RequestOf({"a", "b", "c"}))), "TEXTS_PER_CALL");
  request.mutable_options()->set_top_k(-1);
  EXPECT_EQ(ReasonOf(Classify(request)), "INVALID_OPTIONS");
  request.mutable_options()->set_top_k(0);
  request.mutable_options()->set_version(-1);
  EXPECT_EQ(ReasonOf(Classify(request)), "INVALID_OPTIONS");
  request.mutable_options()->set_version(0);
  for (const float score : {-0.1F, 1.1F, std::numeric_limits<float>::quiet_NaN()}) {
    request.mutable_options()->set_min_score(score);
    const grpc::Status status = Classify(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status)->field_violations(0).field(),
              "options.min_score");
  }
}

TEST_F(ClassificationServiceTest, RefusesUnknownModelsAndVersions) {
  StartServer();
  v1::ClassifyRequest request = RequestOf({"x"});
  request.mutable_options()->set_model("autre");
  grpc::Status status = Classify(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), "UNKNOWN_MODEL");
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(status)->resource_name(), "autre");
  request.mutable_options()->set_model("fake");
  EXPECT_TRUE(Classify(request).ok());
  request.mutable_options()->set_version(2);
  status = Classify(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(status)->resource_name(), "fake/2");
}

TEST_F(ClassificationServiceTest, ErrorsBearTheCallersRequestId) {
  StartServer();
  const auto id_of = [this](const std::string& sent) {
    grpc::ClientContext context;
    SetDeadline(context);
    if (!sent.empty()) context.AddMetadata("x-request-id", sent);
    v1::ClassifyResponse response;
    const auto info = DetailOf<google::rpc::ErrorInfo>(
        stub_->Classify(&context, v1::ClassifyRequest(), &response));
    return info->metadata().at("request_id");
  };
  EXPECT_EQ(id_of("ticket-desk.42"), "ticket-desk.42");
  const std::string made = id_of("");
  EXPECT_EQ(made.size(), 16U);
  EXPECT_NE(made, id_of(""));
  EXPECT_EQ(id_of(std::string(200, 'x')).size(), 16U) << "too long to be taken over";
}

TEST_F(ClassificationServiceTest, MessagesBeyondTheLimitAreRefused) {
  config_.limits.message_bytes = 4096;
  StartServer();
  EXPECT_EQ(Classify(RequestOf({std::string(5000, 'x')})).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Classify(RequestOf({std::string(2000, 'x')})).ok());
}

TEST_F(ClassificationServiceTest, BytesThatAreNoMessageGetAnErrorAndNotUnimplemented) {
  StartServer();
  grpc::GenericStub generic(channel_);
  // Field 1 (tickets), whose field 3 (body) is the lone byte FF: no UTF-8.
  for (const std::string& bytes :
       {std::string("\x0a\x03\x1a\x01\xff", 5), std::string("\xff\xff")}) {
    grpc::Slice slice(bytes);
    grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::ClientContext context;
    SetDeadline(context);
    std::promise<grpc::Status> done;
    generic.UnaryCall(&context, "/guichet.v1.Classification/Classify", {}, &request, &response,
                      [&done](grpc::Status status) { done.set_value(std::move(status)); });
    const grpc::Status status = done.get_future().get();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(status), "MALFORMED_REQUEST");
  }
}

TEST_F(ClassificationServiceTest, LongTextsTakeThePoolAndGetTheSameAnswer) {
  StartServer();
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(RequestOf({std::string(50'000, 'x'), "x"}), &response).ok());
  EXPECT_EQ(response.results(0).tokens(), 50'002);
  EXPECT_EQ(response.results(1).tokens(), 3);
}

TEST_F(ClassificationServiceTest, BatchesMixCalls) {
  StartServer();
  classifier_->Hold();
  AsyncClassify first(*stub_, RequestOf({"a"}));
  classifier_->AwaitCalls(1);
  AsyncClassify second(*stub_, RequestOf({"b", "bb"}));
  AsyncClassify third(*stub_, RequestOf({"c"}));
  while (MetricValue(HttpGet(server_->http_port(), "/metrics").body, "guichet_queue_texts") < 3) {
  }
  classifier_->ReleaseAll();
  EXPECT_TRUE(first.Await().ok());
  EXPECT_TRUE(second.Await().ok());
  EXPECT_TRUE(third.Await().ok());
  EXPECT_EQ(second.response().results(1).tokens(), 4);
  ASSERT_EQ(classifier_->calls().size(), 2U);
  EXPECT_EQ(classifier_->calls()[1].rows.size(), 3U);
}

TEST_F(ClassificationServiceTest, TheModelsFailureIsInternalAndSaysNoMore) {
  StartServer();
  classifier_->FailWith(absl::InternalError("device lost: secret detail"));
  const grpc::Status status = Classify(RequestOf({"x"}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(ReasonOf(status), "MODEL_FAILED");
  EXPECT_EQ(status.error_message().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace guichet
