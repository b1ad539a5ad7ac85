#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client.h"
#include "client/error_details.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temp_folder.h"

// The whole client against a real gRPC server in this process.

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

google::rpc::Status Overloaded(milliseconds retry_delay) {
  google::rpc::Status status;
  status.set_code(grpc::StatusCode::RESOURCE_EXHAUSTED);
  status.set_message("the queue is full");
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_nanos(static_cast<int>(retry_delay.count()) * 1'000'000);
  status.add_details()->PackFrom(info);
  google::rpc::ErrorInfo reason;
  reason.set_reason("QUEUE_FULL");
  status.add_details()->PackFrom(reason);
  return status;
}

grpc::Status AsGrpc(const google::rpc::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message(),
          status.SerializeAsString()};
}

class GrpcClientTest : public testing::Test {
 protected:
  Client Connect(ClientOptions options = {}) const {
    options.target = server_.target();
    return Client::Connect(options).value();
  }
  void ThenFail(const grpc::Status& status, int times = 1) {
    for (int i = 0; i < times; ++i) {
      server_.Then([status](const v1::ClassifyRequest&, v1::ClassifyResponse*) { return status; });
    }
  }

  ScriptedServer server_;
};

TEST_F(GrpcClientTest, ClassifiesATicket) {
  const auto answer =
      Connect().Classify({.id = "7", .subject = "VPN", .body = "Réseau"}, {.top_k = 3});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->id, "7");
  EXPECT_EQ(answer->scores[0].label, "Réseau");
  EXPECT_EQ(answer->model, "tickets");
  const auto requests = server_.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].tickets(0).subject(), "VPN");
  EXPECT_EQ(requests[0].options().top_k(), 3);
}

TEST_F(GrpcClientTest, RecoversFromPassingErrors) {
  ThenFail({grpc::StatusCode::UNAVAILABLE, "draining"});
  ThenFail(AsGrpc(Overloaded(milliseconds(120))));
  const auto start = steady_clock::now();
  const auto answer = Connect().Classify({.id = "", .subject = "", .body = "a"});
  EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_GE(steady_clock::now() - start, milliseconds(25 + 120));
  EXPECT_THAT(server_.requests(), SizeIs(3));
}

TEST_F(GrpcClientTest, ReportsTheServersReason) {
  ThenFail(AsGrpc(Overloaded(milliseconds(900))));
  ClassifyCall call;
  call.tickets = {{.id = "", .subject = "", .body = "a"}};
  call.timeout = milliseconds(500);  // too short to wait that long
  const auto reply = Connect().Classify(std::move(call));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(reply.status()), "QUEUE_FULL");
  EXPECT_EQ(RetryDelay(reply.status()), milliseconds(900));
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(GrpcClientTest, RepeatsOnlyFailedTickets) {
  server_.Then([](const v1::ClassifyRequest& request, v1::ClassifyResponse* response) {
    const grpc::Status status = ScriptedServer::AnswerAll(request, response);
    v1::TicketResult& second = *response->mutable_results(1);
    second.clear_scores();
    *second.mutable_status() = Overloaded(milliseconds(5));
    return status;
  });
  ClassifyCall call;
  for (const char* body : {"a", "b", "c"}) call.tickets.push_back({body, "", body});
  const auto reply = Connect().Classify(std::move(call));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->attempts, 2);
  for (const auto& [i, body] : {std::pair(0U, "a"), {1U, "b"}, {2U, "c"}}) {
    ASSERT_TRUE(reply->results[i].ok()) << reply->results[i].status();
    EXPECT_EQ(reply->results[i]->scores[0].label, body);
  }
  const auto requests = server_.requests();
  ASSERT_THAT(requests, SizeIs(2));
  ASSERT_EQ(requests[1].tickets_size(), 1);
  EXPECT_EQ(requests[1].tickets(0).id(), "b");
}

TEST_F(GrpcClientTest, ASilentServerMeetsTheDeadline) {
  ThenFail(grpc::Status::CANCELLED);  // the script's word for silence
  ClassifyCall call;
  call.tickets = {{.id = "", .subject = "", .body = "a"}};
  call.timeout = milliseconds(150);
  const auto start = steady_clock::now();
  const auto reply = Connect().Classify(std::move(call));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded) << reply.status();
  EXPECT_GE(steady_clock::now() - start, milliseconds(140));
}

TEST_F(GrpcClientTest, ClosingTheClientEndsItsCalls) {
  ThenFail(grpc::Status::CANCELLED);
  std::promise<absl::Status> ended;
  {
    ClassifyCall call;
    call.tickets = {{.id = "", .subject = "", .body = "a"}};
    call.timeout = seconds(60);
    Connect().AsyncClassify(std::move(call), [&](const absl::StatusOr<ClassifyReply>& reply) {
      ended.set_value(reply.status());
    });
  }
  EXPECT_EQ(ended.get_future().get().code(), absl::StatusCode::kCancelled);
}

TEST_F(GrpcClientTest, NobodyThereIsUnavailableWithoutAReason) {
  ClientOptions options;
  options.target = "127.0.0.1:1";
  options.retry.max_attempts = 2;
  const Client client = Client::Connect(options).value();
  const auto answer = client.Classify({.id = "", .subject = "", .body = "a"});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(answer.status()), "");
  EXPECT_EQ(client.CheckHealth().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(GrpcClientTest, AsksForHealth) {
  const Client client = Connect();
  EXPECT_EQ(*client.CheckHealth(), ServingState::kServing);
  EXPECT_EQ(*client.CheckHealth({.service = "guichet.v1.Classification"}), ServingState::kServing);
  EXPECT_EQ(client.CheckHealth({.service = "other"}).status().code(), absl::StatusCode::kNotFound);
  server_.SetServing(false);
  EXPECT_EQ(*client.CheckHealth(), ServingState::kNotServing);
}

TEST_F(GrpcClientTest, SendsNothingToAServerThatIsNotServing) {
  server_.SetServing(false);
  ClientOptions options;
  options.retry.max_attempts = 1;
  const auto answer = Connect(options).Classify({.id = "", .subject = "", .body = "a"});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << answer.status();
  EXPECT_THAT(server_.requests(), SizeIs(0));
}

TEST_F(GrpcClientTest, SendsTheTokenOfTheFile) {
  const TempFolder folder;
  const auto path = folder.path() / "token";
  std::ofstream(path) << "s3cret\n";
  ClientOptions options;
  options.token_file = path.string();
  ASSERT_TRUE(Connect(options).Classify({.id = "", .subject = "", .body = "a"}).ok());
  EXPECT_THAT(server_.tokens(), ElementsAre("Bearer s3cret"));
}

TEST_F(GrpcClientTest, ClassifiesThousandsThroughAStumblingServer) {
  // The first calls are refused for a moment, and one ticket of a later call can never succeed.
  ThenFail(AsGrpc(Overloaded(milliseconds(10))), 3);
  ThenFail({grpc::StatusCode::UNAVAILABLE, "moved"});
  server_.Then([](const v1::ClassifyRequest& request, v1::ClassifyResponse* response) {
    const grpc::Status status = ScriptedServer::AnswerAll(request, response);
    response->mutable_results(0)->clear_scores();
    response->mutable_results(0)->mutable_status()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
    return status;
  });
  std::vector<TicketText> tickets;
  for (int i = 0; i < 3000; ++i) {
    tickets.push_back({.id = std::to_string(i), .subject = "", .body = "t" + std::to_string(i)});
  }
  const auto answers = Connect().ClassifyMany(tickets);
  ASSERT_TRUE(answers.ok());
  ASSERT_THAT(*answers, SizeIs(3000));
  int failed = 0;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    const auto& answer = (*answers)[i];
    if (!answer.ok()) {
      EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
      ++failed;
    } else {
      EXPECT_EQ(answer->scores[0].label, "t" + std::to_string(i));
    }
  }
  EXPECT_EQ(failed, 1);
}

TEST_F(GrpcClientTest, AServerThatLeavesIsTriedAgainAndThenGivenUp) {
  ClientOptions options;
  options.retry.max_attempts = 3;
  const Client client = Connect(options);
  ASSERT_TRUE(client.Classify({.id = "", .subject = "", .body = "a"}).ok());
  server_.Stop();
  const auto answer = client.Classify({.id = "", .subject = "", .body = "a"});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("3 attempts"));
}

}  // namespace
}  // namespace guichet
