// guichet.v1.Generation through the real server, on a small model with the real tokenizer.

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "guichet/v1/classification.grpc.pb.h"
#include "guichet/v1/generation.grpc.pb.h"
#include "tests/integration/server/server_process.h"
#include "tests/support/http_get.h"
#include "tests/support/small_generator.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class GenerationTest : public ::testing::Test {
 protected:
  struct Answer {
    std::vector<v1::GeneratedToken> tokens;
    v1::GenerationResult result;
    int results = 0;
    grpc::Status status;
  };

  void Start(const std::vector<std::string>& more = {}, bool with_generator = true) {
    std::vector<std::string> arguments = more;
    if (with_generator) {
      const auto model = folder_.path() / "writer";
      WriteSmallGenerator(model);
      arguments.insert(arguments.end(), {"--generation.model", model.string(),
                                         "--generation.priority", "normal"});  // others run beside
    }
    server_ = std::make_unique<ServerProcess>(GoldenBundle(), arguments);
    const auto channel = grpc::CreateChannel(server_->target(), grpc::InsecureChannelCredentials());
    generation_ = v1::Generation::NewStub(channel);
    classification_ = v1::Classification::NewStub(channel);
  }

  static v1::GenerateRequest Greedy(int max_length = 20) {
    v1::GenerateRequest request;
    request.set_text("Le <mask> ne marche plus");
    request.mutable_options()->set_num_beams(1);
    request.mutable_options()->set_max_length(max_length);
    return request;
  }

  Answer Generate(const v1::GenerateRequest& request,
                  std::chrono::milliseconds time = seconds(60)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + time);
    const auto stream = generation_->Generate(&context, request);
    Answer answer;
    for (v1::GenerateResponse response; stream->Read(&response);) {
      if (response.has_token()) answer.tokens.push_back(response.token());
      if (response.has_result()) {
        answer.result = response.result();
        ++answer.results;
      }
    }
    answer.status = stream->Finish();
    return answer;
  }

  const TempFolder folder_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<v1::Generation::Stub> generation_;
  std::unique_ptr<v1::Classification::Stub> classification_;
};

TEST_F(GenerationTest, GreedyTokensComeOneByOneAndMakeUpTheResult) {
  Start();
  const Answer answer = Generate(Greedy());
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  ASSERT_EQ(answer.results, 1);
  ASSERT_EQ(answer.result.sequences_size(), 1);
  const v1::GeneratedSequence& sequence = answer.result.sequences(0);
  ASSERT_EQ(sequence.ids_size(), static_cast<int>(answer.tokens.size()) + 1);
  EXPECT_GT(answer.tokens.size(), 1U);
  std::string text;
  for (int i = 1; i < sequence.ids_size(); ++i) {
    const v1::GeneratedToken& token = answer.tokens[static_cast<std::size_t>(i) - 1];
    EXPECT_EQ(token.id(), sequence.ids(i));
    text += token.text();
  }
  EXPECT_EQ(text, sequence.text());
  EXPECT_EQ(answer.result.generated_tokens(), static_cast<int>(answer.tokens.size()));
  EXPECT_GT(answer.result.prompt_tokens(), 5);
  const std::string metrics = HttpGet(server_->http_port(), "/metrics").body;
  EXPECT_THAT(metrics,
              HasSubstr("guichet_generation_tokens_total " + std::to_string(answer.tokens.size())));
}

TEST_F(GenerationTest, ABeamSearchSendsItsResultAlone) {
  Start();
  v1::GenerateRequest request = Greedy();
  request.mutable_options()->set_num_beams(4);
  request.mutable_options()->set_num_return_sequences(3);
  const Answer answer = Generate(request);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_TRUE(answer.tokens.empty());
  ASSERT_EQ(answer.result.sequences_size(), 3);
  EXPECT_GE(answer.result.sequences(0).score(), answer.result.sequences(2).score());
}

TEST_F(GenerationTest, SamplesAreThoseOfTheirSeed) {
  Start();
  v1::GenerateRequest request = Greedy();
  request.mutable_options()->set_do_sample(true);
  request.mutable_options()->set_seed(5);
  const std::string first = Generate(request).result.sequences(0).SerializeAsString();
  EXPECT_EQ(Generate(request).result.sequences(0).SerializeAsString(), first);
  request.mutable_options()->set_seed(6);
  EXPECT_NE(Generate(request).result.sequences(0).SerializeAsString(), first);
}

TEST_F(GenerationTest, BadRequestsNameTheFieldAndTheLimit) {
  Start();
  v1::GenerateRequest request = Greedy();
  request.set_text("");
  Answer answer = Generate(request);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("text: "));
  request.set_text("ticket " + std::string(3000, 'x') + " très long " + [] {
    std::string words;
    for (int i = 0; i < 1500; ++i) words += "mot " + std::to_string(i) + " ";
    return words;
  }());
  answer = Generate(request);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("positions"));
  request = Greedy(100'000);
  answer = Generate(request);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("generation.max_length"));
}

TEST_F(GenerationTest, ADeadlineEndsAGeneration) {
  Start();
  v1::GenerateRequest request = Greedy(200);
  request.mutable_options()->set_num_beams(8);
  request.mutable_options()->set_min_length(200);
  const Answer answer = Generate(request, std::chrono::milliseconds(20));
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(Generate(Greedy()).status.ok()) << "the next one is not held up";
}

TEST_F(GenerationTest, ACallerWhoGoesFreesThePlace) {
  Start({"--generation.max_queued_calls", "1"});
  v1::GenerateRequest request = Greedy(200);
  request.mutable_options()->set_min_length(200);
  for (int call = 0; call < 5; ++call) {
    grpc::ClientContext context;
    const auto stream = generation_->Generate(&context, request);
    v1::GenerateResponse response;
    ASSERT_TRUE(stream->Read(&response));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(Generate(Greedy()).status.ok());
}

TEST_F(GenerationTest, ADrainLetsTheOneAtWorkEnd) {
  Start();
  v1::GenerateRequest request = Greedy(200);
  request.mutable_options()->set_min_length(200);
  grpc::ClientContext context;
  const auto stream = generation_->Generate(&context, request);
  v1::GenerateResponse response;
  ASSERT_TRUE(stream->Read(&response));
  server_->Signal(SIGTERM);
  while (stream->Read(&response)) {
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(response.has_result());
  // Seconds later: this client answers the connection's farewell when gRPC polls by itself.
  EXPECT_EQ(server_->Wait(), 0);
}

TEST_F(GenerationTest, TicketsAreClassifiedMeanwhile) {
  Start();
  v1::GenerateRequest request = Greedy(200);
  request.mutable_options()->set_min_length(200);
  request.mutable_options()->set_num_beams(8);
  std::thread writer([&] { EXPECT_TRUE(Generate(request).status.ok()); });
  for (int call = 0; call < 20; ++call) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(60));
    v1::ClassifyRequest ticket;
    ticket.add_tickets()->set_body("Mon écran reste noir");
    v1::ClassifyResponse answer;
    EXPECT_TRUE(classification_->Classify(&context, ticket, &answer).ok());
  }
  writer.join();
}

TEST_F(GenerationTest, WithoutAModelTheCallSaysWhatToConfigure) {
  Start({}, /*with_generator=*/false);
  const Answer answer = Generate(Greedy());
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("generation.model"));
}

TEST_F(GenerationTest, AModelThatIsNotThereKeepsTheServerFromStarting) {
  try {
    Start({"--generation.model", "/nowhere/barthez"}, /*with_generator=*/false);
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/barthez"));
  }
}

}  // namespace
}  // namespace guichet
