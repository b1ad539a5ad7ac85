#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client.h"
#include "client/error_details.h"
#include "client/message_mapping.h"
#include "client/rpc_status.h"
#include "client/token_file.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(RpcStatusTest, DetailsBecomePayloadsAndRefusedFieldsWords) {
  google::rpc::Status detailed;
  detailed.set_code(3);
  detailed.set_message("the request is invalid");
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field("tickets[3].body");
  violation->set_description("not UTF-8 at byte 7");
  detailed.add_details()->PackFrom(bad);
  google::rpc::ErrorInfo info;
  info.set_reason("BAD_TEXT");
  detailed.add_details()->PackFrom(info);
  const absl::Status status = FromRpcStatus(
      grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "short", detailed.SerializeAsString()));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(status), "the request is invalid [tickets[3].body: not UTF-8 at byte 7]");
  EXPECT_EQ(ErrorReason(status), "BAD_TEXT");
  EXPECT_EQ(ErrorReason(Annotated(status, "2 attempts")), "BAD_TEXT");
  EXPECT_THAT(Message(Annotated(status, "2 attempts")), HasSubstr("byte 7] (2 attempts)"));

  detailed.set_message("tickets[3].body: not UTF-8 at byte 7");  // said already: not repeated
  EXPECT_EQ(Message(FromRpcStatus(detailed)), "tickets[3].body: not UTF-8 at byte 7");
}

TEST(RpcStatusTest, UnusableDetailsLeaveTheBareStatus) {
  const absl::Status garbled =
      FromRpcStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining", "\xFF garbage"));
  EXPECT_EQ(garbled, absl::UnavailableError("draining"));
  EXPECT_EQ(ErrorReason(garbled), "");
  google::rpc::Status other_code;
  other_code.set_code(5);
  EXPECT_EQ(FromRpcStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining",
                                       other_code.SerializeAsString())),
            absl::UnavailableError("draining"));
  google::rpc::Status strange;
  strange.set_code(4711);
  EXPECT_EQ(FromRpcStatus(strange).code(), absl::StatusCode::kUnknown);
  EXPECT_TRUE(FromRpcStatus(grpc::Status::OK).ok());
}

TEST(ErrorDetailsTest, CodesHaveGrpcsNames) {
  EXPECT_EQ(StatusCodeName(absl::StatusCode::kResourceExhausted), "RESOURCE_EXHAUSTED");
  for (int code = 0; code <= 16; ++code) {
    EXPECT_EQ(std::string(StatusCodeName(static_cast<absl::StatusCode>(code))),
              absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
  }
}

TEST(MessageMappingTest, ResponsesThatDoNotFitAreErrors) {
  v1::ClassifyResponse response;
  response.set_model("tickets");
  response.set_version(3);
  response.mutable_timings()->set_total_us(12);
  auto* answered = response.add_results();
  answered->set_id("7");
  auto* score = answered->add_scores();
  score->set_label("Réseau");
  score->set_score(0.5F);
  answered->set_tokens(9);
  answered->set_truncated(true);
  answered->set_abstained(true);
  response.add_results();
  response.add_results()->mutable_status()->set_code(5);
  const auto reply = ToReply(response, 3);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->results[0]->scores[0].label, "Réseau");
  EXPECT_EQ(reply->results[0]->version, 3);
  EXPECT_TRUE(reply->results[0]->truncated);
  EXPECT_TRUE(reply->results[0]->abstained);
  EXPECT_EQ(reply->results[1].status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(reply->results[2].status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reply->timings.total, std::chrono::microseconds(12));
  EXPECT_EQ(ToReply(response, 2).status().code(), absl::StatusCode::kInternal);
}

TEST(ClientOptionsTest, ValidateNamesTheFieldAndTheRemedy) {
  EXPECT_TRUE(ClientOptions{}.Validate().ok());
  ClientOptions options;
  options.target = "";
  EXPECT_THAT(Message(options.Validate()), HasSubstr("host:port"));
  options = {};
  options.timeout = std::chrono::milliseconds(0);
  EXPECT_THAT(Message(options.Validate()), HasSubstr("timeout in ms is 0"));
  options = {};
  options.keepalive_time = std::chrono::milliseconds(9'999);  // the server closes on such pings
  EXPECT_THAT(Message(options.Validate()), HasSubstr("keepalive_time"));
  options = {};
  options.tls.key_file = "key.pem";
  EXPECT_THAT(Message(options.Validate()), HasSubstr("go together"));
  options = {};
  options.retry.max_attempts = 0;
  EXPECT_THAT(Message(options.Validate()), HasSubstr("retry.max_attempts"));
}

TEST(ClientOptionsTest, ATokenTravelsInTheClearOnThisMachineOnly) {
  for (const char* target : {"localhost:1", "127.0.0.1:1", "127.3.2.1:1", "[::1]:1", "unix:/run/s",
                             "dns:///localhost:1", "ipv4:127.0.0.1:1"}) {
    EXPECT_TRUE(IsLocalTarget(target)) << target;
  }
  for (const char* target :
       {"helpdesk:1", "127.evil.example:1", "localhost.evil.example:1", "10.0.0.1:1",
        "ipv4:127.0.0.1:1,10.0.0.1:1", "ipv6:[::1]:1,[2001:db8::1]:1", "dns://127.0.0.1/far:1"}) {
    EXPECT_FALSE(IsLocalTarget(target)) << target;
  }
  ClientOptions options;
  options.target = "helpdesk:50051";
  options.token_file = "token";
  EXPECT_THAT(Message(options.Validate()), HasSubstr("token_file needs TLS"));
  options.tls.enabled = true;
  EXPECT_TRUE(options.Validate().ok());
}

TEST(ClientOptionsTest, ConnectingNamesAMissingFile) {
  ClientOptions options;
  options.tls.ca_file = "/nowhere/ca.pem";
  const auto client = Client::Connect(options);
  EXPECT_EQ(client.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(client.status()), HasSubstr("/nowhere/ca.pem"));
}

TEST(TokenFileTest, FollowsTheFileAndKeepsTheLastGoodToken) {
  const TempFolder folder;
  const auto path = folder.path() / "token";
  const auto write = [&path](const std::string& text) { std::ofstream(path) << text; };
  FakeClock clock;
  TokenFile file(path, clock);
  EXPECT_EQ(file.Token().status().code(), absl::StatusCode::kNotFound);
  write("  first\n");
  EXPECT_EQ(*file.Token(), "first");
  write("second");
  EXPECT_EQ(*file.Token(), "first");  // not looked at again yet
  clock.Advance(TokenFile::kCheckInterval);
  EXPECT_EQ(*file.Token(), "second");
  write("");
  clock.Advance(TokenFile::kCheckInterval);
  EXPECT_EQ(*file.Token(), "second");
}

TEST(TokenFileTest, RefusesWhatIsNoToken) {
  const TempFolder folder;
  const auto path = folder.path() / "token";
  for (const char* text : {"", " \n", "two words", "two\nlines", "sch\xC3\xB6n"}) {
    std::ofstream(path) << text;
    const auto token = TokenFile(path).Token();
    EXPECT_EQ(token.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(token.status()), Not(HasSubstr("two")));  // messages never show it
  }
}

}  // namespace
}  // namespace guichet
