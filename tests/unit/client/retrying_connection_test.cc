#include "client/retrying_connection.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/error_details.h"
#include "tests/unit/client/fake_stub.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class RetryingConnectionTest : public testing::Test {
 protected:
  void Connect(const RetryOptions& retry = {}) {
    auto stub = std::make_unique<FakeStub>();
    auto sleeper = std::make_unique<FakeSleeper>(clock_);
    stub_ = stub.get();
    sleeper_ = sleeper.get();
    connection_ = std::make_unique<RetryingConnection>(
        retry, seconds(10),
        RetryingConnectionParts{
            .stub = std::move(stub), .sleeper = std::move(sleeper), .clock = &clock_});
  }

  static ClassifyCall CallOf(std::vector<std::string> bodies) {
    ClassifyCall call;
    for (std::string& body : bodies) {
      call.tickets.push_back({.id = "id " + body, .subject = "", .body = std::move(body)});
    }
    return call;
  }

  // Classifies and wakes every sleeper; the outcome of exactly one callback.
  absl::StatusOr<ClassifyReply> Run(ClassifyCall call) {
    std::vector<absl::StatusOr<ClassifyReply>> outcomes;
    connection_->Classify(std::move(call), [&outcomes](absl::StatusOr<ClassifyReply> outcome) {
      outcomes.push_back(std::move(outcome));
    });
    sleeper_->Run();
    EXPECT_THAT(outcomes, SizeIs(1));
    return std::move(outcomes.at(0));
  }

  FakeClock clock_;
  FakeStub* stub_ = nullptr;
  FakeSleeper* sleeper_ = nullptr;
  std::unique_ptr<RetryingConnection> connection_;
};

TEST_F(RetryingConnectionTest, AnswersAtTheFirstAttempt) {
  Connect();
  ClassifyCall call = CallOf({"a", "b"});
  call.options = {.model = "tickets", .version = 7, .top_k = 2, .min_score = 0.25F};
  const auto reply = Run(std::move(call));
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_THAT(reply->results, SizeIs(2));
  EXPECT_EQ(reply->results[0]->scores[0].label, "label of a");
  EXPECT_EQ(reply->results[1]->id, "id b");
  EXPECT_EQ(reply->attempts, 1);
  ASSERT_THAT(stub_->calls, SizeIs(1));
  EXPECT_EQ(stub_->calls[0].timeout, seconds(10));
  EXPECT_EQ(stub_->calls[0].options.model, "tickets");
  EXPECT_EQ(stub_->calls[0].options.version, 7);
  EXPECT_THAT(sleeper_->delays, SizeIs(0));
}

TEST_F(RetryingConnectionTest, RepeatsAnUnavailableCallWithinItsDeadline) {
  Connect();
  stub_->ThenFail(absl::UnavailableError("draining"), 2);
  ClassifyCall call = CallOf({"a"});
  call.timeout = seconds(3);
  const auto reply = Run(std::move(call));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->attempts, 3);
  ASSERT_THAT(stub_->calls, SizeIs(3));
  // Each attempt gets what the waits have left of the call's time.
  EXPECT_EQ(stub_->calls[1].timeout, seconds(3) - sleeper_->delays[0]);
  EXPECT_EQ(stub_->calls[2].timeout, seconds(3) - sleeper_->delays[0] - sleeper_->delays[1]);
  EXPECT_GE(sleeper_->delays[0], milliseconds(25));
  EXPECT_LE(sleeper_->delays[0], milliseconds(50));
}

TEST_F(RetryingConnectionTest, DoesNotRepeatWhatCannotSucceed) {
  for (const absl::Status& error :
       {absl::InvalidArgumentError("x"), absl::NotFoundError("x"), absl::DeadlineExceededError("x"),
        absl::ResourceExhaustedError("message too large"), absl::InternalError("x")}) {
    Connect();
    stub_->ThenFail(error);
    EXPECT_EQ(Run(CallOf({"a"})).status(), error);
    EXPECT_THAT(stub_->calls, SizeIs(1));
  }
}

TEST_F(RetryingConnectionTest, WaitsAsLongAsTheServerAsks) {
  Connect();
  stub_->ThenFail(WithRetryInfo(absl::ResourceExhaustedError("queue full"), milliseconds(1300)));
  ASSERT_TRUE(Run(CallOf({"a"})).ok());
  ASSERT_THAT(sleeper_->delays, SizeIs(1));
  EXPECT_GE(sleeper_->delays[0], milliseconds(1300));
}

TEST_F(RetryingConnectionTest, GivesUpAtOnceWhenTheWaitOutlastsTheDeadline) {
  Connect();
  const absl::Status error = WithRetryInfo(absl::ResourceExhaustedError("queue full"), seconds(10));
  stub_->ThenFail(error);
  const auto reply = Run(CallOf({"a"}));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryDelay(reply.status()), seconds(10));  // the caller may wait by itself
  EXPECT_THAT(sleeper_->delays, SizeIs(0));
}

TEST_F(RetryingConnectionTest, SaysHowOftenItTried) {
  Connect({.max_attempts = 3});
  stub_->ThenFail(absl::UnavailableError("draining"), 3);
  const auto reply = Run(CallOf({"a"}));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(reply.status().message()), "draining (3 attempts)");
  EXPECT_THAT(stub_->calls, SizeIs(3));
}

TEST_F(RetryingConnectionTest, SaysWhatWentWrongBeforeTheDeadline) {
  Connect();
  stub_->ThenFail(absl::UnavailableError("draining"));
  stub_->ThenFail(absl::DeadlineExceededError("Deadline Exceeded"));
  const auto reply = Run(CallOf({"a"}));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("before: UNAVAILABLE: draining"));
}

TEST_F(RetryingConnectionTest, AllCallsShareTheRetryBudget) {
  Connect({.max_attempts = 2, .budget_ratio = 0, .budget_per_second = 0, .budget_burst = 3});
  stub_->ThenFail(absl::UnavailableError("down"), 100);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Run(CallOf({"a"})).ok());
  EXPECT_THAT(stub_->calls, SizeIs(6));
  const auto reply = Run(CallOf({"a"}));
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("retry budget is used up"));
  EXPECT_THAT(stub_->calls, SizeIs(7));
}

TEST_F(RetryingConnectionTest, RepeatsOnlyTheTicketsThatFailedForAPassingReason) {
  Connect();
  const absl::Status full =
      WithRetryInfo(absl::ResourceExhaustedError("queue full"), milliseconds(100));
  const absl::Status fuller =
      WithRetryInfo(absl::ResourceExhaustedError("queue full"), milliseconds(400));
  stub_->Then([&](std::span<const TicketText> tickets) {
    auto reply = FakeStub::AnswerAll(tickets);
    reply->results[1] = full;
    reply->results[2] = absl::InvalidArgumentError("not UTF-8");
    reply->results[3] = fuller;
    return reply;
  });
  stub_->Then([&](std::span<const TicketText> tickets) {
    auto reply = FakeStub::AnswerAll(tickets);
    reply->results[0] = full;
    return reply;
  });
  const auto reply = Run(CallOf({"a", "b", "c", "d", "e"}));
  ASSERT_TRUE(reply.ok());
  ASSERT_THAT(stub_->calls, SizeIs(3));
  EXPECT_THAT(stub_->calls[1].bodies, ElementsAre("b", "d"));
  EXPECT_THAT(stub_->calls[2].bodies, ElementsAre("b"));
  EXPECT_GE(sleeper_->delays[0], milliseconds(400));
  for (const auto& [position, body] : {std::pair(0, "a"), {1, "b"}, {3, "d"}, {4, "e"}}) {
    const auto& result = reply->results[static_cast<std::size_t>(position)];
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->scores[0].label, std::string("label of ") + body);
  }
  EXPECT_EQ(reply->results[2].status(), absl::InvalidArgumentError("not UTF-8"));
}

TEST_F(RetryingConnectionTest, KeepsAnswersWhenALaterAttemptFails) {
  Connect();
  stub_->Then([](std::span<const TicketText> tickets) {
    auto reply = FakeStub::AnswerAll(tickets);
    reply->results[0] = absl::UnavailableError("worker restarts");
    return reply;
  });
  stub_->ThenFail(absl::InternalError("device lost"));
  const auto reply = Run(CallOf({"a", "b"}));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->results[0].status(), absl::InternalError("device lost"));
  EXPECT_TRUE(reply->results[1].ok());
}

TEST_F(RetryingConnectionTest, TicketErrorsStandWhenAttemptsAreUsedUp) {
  Connect({.max_attempts = 2});
  const absl::Status full =
      WithRetryInfo(absl::ResourceExhaustedError("queue full"), milliseconds(1));
  for (int i = 0; i < 2; ++i) {
    stub_->Then([&](std::span<const TicketText> tickets) {
      auto reply = FakeStub::AnswerAll(tickets);
      reply->results[0] = full;
      return reply;
    });
  }
  const auto reply = Run(CallOf({"a", "b"}));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->results[0].status(), full);
  EXPECT_TRUE(reply->results[1].ok());
  EXPECT_EQ(reply->attempts, 2);
}

TEST_F(RetryingConnectionTest, RefusesCallsWithoutTicketsOrTime) {
  Connect();
  EXPECT_EQ(Run({}).status().code(), absl::StatusCode::kInvalidArgument);
  ClassifyCall call = CallOf({"a"});
  call.timeout = milliseconds(0);
  EXPECT_EQ(Run(std::move(call)).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(stub_->calls, SizeIs(0));
}

TEST_F(RetryingConnectionTest, ClosingCancelsAttemptsAndSleepers) {
  Connect();
  std::vector<absl::Status> outcomes;
  const auto keep = [&outcomes](const absl::StatusOr<ClassifyReply>& outcome) {
    outcomes.push_back(outcome.status());
  };
  stub_->ThenFail(absl::UnavailableError("down"));
  connection_->Classify(CallOf({"sleeps"}), keep);
  stub_->hold = true;
  connection_->Classify(CallOf({"runs"}), keep);
  EXPECT_THAT(outcomes, SizeIs(0));
  connection_.reset();
  ASSERT_THAT(outcomes, SizeIs(2));
  for (const absl::Status& outcome : outcomes) {
    EXPECT_EQ(outcome.code(), absl::StatusCode::kCancelled) << outcome;
  }
}

TEST_F(RetryingConnectionTest, HealthIsAskedOnce) {
  Connect();
  stub_->health = absl::UnavailableError("refused");
  std::vector<absl::StatusOr<ServingState>> states;
  connection_->CheckHealth(
      {.service = "guichet.v1.Classification", .timeout = seconds(2)},
      [&states](absl::StatusOr<ServingState> state) { states.push_back(std::move(state)); });
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(stub_->health_service, "guichet.v1.Classification");
  EXPECT_EQ(stub_->health_timeout, seconds(2));
}

}  // namespace
}  // namespace guichet
