#include "server/rpc/call_error.h"

#include <string>

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

grpc::Status StatusOf(const absl::Status& status, std::chrono::nanoseconds wait = seconds(0)) {
  return ToGrpcStatus(FromStatus(status, wait), "request-1");
}

TEST(CallErrorTest, EveryErrorHasAnErrorInfoWithTheRequestId) {
  for (const auto code : {absl::StatusCode::kCancelled, absl::StatusCode::kInvalidArgument,
                          absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kNotFound,
                          absl::StatusCode::kResourceExhausted, absl::StatusCode::kUnavailable,
                          absl::StatusCode::kInternal}) {
    const grpc::Status status = StatusOf(absl::Status(code, "why"));
    EXPECT_EQ(static_cast<int>(status.error_code()), static_cast<int>(code));
    const auto info = DetailOf<google::rpc::ErrorInfo>(status);
    ASSERT_TRUE(info.has_value());
    EXPECT_FALSE(info->reason().empty());
    EXPECT_EQ(info->domain(), "guichet");
    EXPECT_EQ(info->metadata().at("request_id"), "request-1");
  }
}

TEST(CallErrorTest, OnlyWhatIsWorthRetryingHasRetryInfo) {
  for (const auto code : {absl::StatusCode::kResourceExhausted, absl::StatusCode::kUnavailable}) {
    EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(StatusOf(absl::Status(code, ""))).has_value());
  }
  for (const auto code : {absl::StatusCode::kInvalidArgument, absl::StatusCode::kNotFound,
                          absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kInternal}) {
    EXPECT_FALSE(DetailOf<google::rpc::RetryInfo>(StatusOf(absl::Status(code, ""))).has_value());
  }
}

TEST(CallErrorTest, RetryDelayIsTheEstimatedWaitWithinBounds) {
  const auto delay = [](std::chrono::nanoseconds wait) {
    const auto info =
        DetailOf<google::rpc::RetryInfo>(StatusOf(absl::ResourceExhaustedError(""), wait));
    return seconds(info->retry_delay().seconds()) +
           std::chrono::nanoseconds(info->retry_delay().nanos());
  };
  EXPECT_EQ(delay(milliseconds(1750)), milliseconds(1750));
  EXPECT_EQ(delay(milliseconds(0)), milliseconds(20));
  EXPECT_EQ(delay(seconds(3600)), seconds(5));
}

TEST(CallErrorTest, InternalErrorsKeepTheirDetailForTheLog) {
  const CallError error = FromStatus(absl::InternalError("CUDA error 700 at 0xdead"), seconds(0));
  EXPECT_EQ(error.log_detail, "CUDA error 700 at 0xdead");
  const grpc::Status status = ToGrpcStatus(error, "r");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message().find("CUDA"), std::string::npos);
  EXPECT_EQ(status.error_details().find("CUDA"), std::string::npos);
}

TEST(CallErrorTest, CodesThatNoClientShouldSeeBecomeInternal) {
  EXPECT_EQ(StatusOf(absl::DataLossError("x")).error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(StatusOf(absl::UnknownError("x")).error_code(), grpc::StatusCode::INTERNAL);
}

TEST(CallErrorTest, ManyViolationsAreCutAndTheTrailerStaysBelowEightKibibytes) {
  CallError error =
      InvalidField("INVALID_TEXT", std::string(10'000, 'f'), std::string(10'000, 'd'));
  for (int i = 1; i < 1000; ++i) error.violations.push_back(error.violations.front());
  const grpc::Status status = ToGrpcStatus(error, "r");
  const auto bad = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_TRUE(bad.has_value());
  ASSERT_EQ(bad->field_violations_size(), 20);
  EXPECT_EQ(bad->field_violations(19).description(), "and 981 more fields like this");
  // On the wire: the details in base64, and the message with every byte perhaps as %XX.
  EXPECT_LT(status.error_details().size() * 4 / 3 + status.error_message().size() * 3, 8192U);
}

TEST(CallErrorTest, LongMessagesAreCutBetweenCharacters) {
  std::string message = "x";
  while (message.size() < 5000) message += "é";
  const grpc::Status status = StatusOf(absl::NotFoundError(message));
  EXPECT_LE(status.error_message().size(), 512U);
  EXPECT_TRUE(status.error_message().ends_with("é..."));
}

TEST(CallErrorTest, AFieldsErrorNamesIt) {
  const grpc::Status status =
      ToGrpcStatus(InvalidField("TICKET_ID_BYTES", "tickets[3].id", "is too long"), "r");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "tickets[3].id: is too long");
  EXPECT_EQ(ReasonOf(status), "TICKET_ID_BYTES");
  const auto bad = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->field_violations(0).field(), "tickets[3].id");
  EXPECT_EQ(bad->field_violations(0).description(), "is too long");
}

}  // namespace
}  // namespace guichet
