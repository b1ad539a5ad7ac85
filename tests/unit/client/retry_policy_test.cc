#include "client/retry_policy.h"

#include <limits>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/error_details.h"
#include "client/retry_budget.h"
#include "tests/unit/client/fake_stub.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr nanoseconds kForever = std::chrono::hours(1);

TEST(RetryPolicyTest, OnlyPassingErrorsAreRetryable) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status error(static_cast<absl::StatusCode>(code), "x");
    EXPECT_EQ(IsRetryable(error), error.code() == absl::StatusCode::kUnavailable) << error;
  }
  EXPECT_TRUE(
      IsRetryable(WithRetryInfo(absl::ResourceExhaustedError("queue full"), milliseconds(5))));
  EXPECT_FALSE(IsRetryable(WithRetryInfo(absl::InvalidArgumentError("x"), milliseconds(5))));
}

TEST(RetryPolicyTest, BackoffGrowsToItsLimitWithinTheJitter) {
  const RetryOptions options{.max_attempts = 100};
  const absl::Status error = absl::UnavailableError("x");
  struct Case {
    int attempts;
    int longest_ms;
  };
  for (const Case& c : {Case{1, 50}, {2, 100}, {3, 200}, {6, 1600}, {7, 2000}, {60, 2000}}) {
    const auto shortest = RetryDelayAfter(options, error, c.attempts, kForever, 0.0);
    const auto longest = RetryDelayAfter(options, error, c.attempts, kForever, 1.0);
    EXPECT_EQ(shortest, milliseconds(c.longest_ms) / 2) << c.attempts;
    EXPECT_EQ(longest, milliseconds(c.longest_ms)) << c.attempts;
  }
}

TEST(RetryPolicyTest, RetryInfoIsTheShortestWait) {
  const absl::Status error =
      WithRetryInfo(absl::ResourceExhaustedError("queue full"), milliseconds(700));
  for (const double jitter : {0.0, 0.3, 0.999}) {
    const auto delay = RetryDelayAfter({}, error, 1, kForever, jitter);
    ASSERT_TRUE(delay.has_value());
    EXPECT_GE(*delay, milliseconds(700));
    EXPECT_LE(*delay, milliseconds(875));
  }
  // Shorter than the backoff: the backoff stands.
  const absl::Status hasty = WithRetryInfo(absl::UnavailableError("x"), milliseconds(0));
  EXPECT_EQ(RetryDelayAfter({}, hasty, 1, kForever, 1.0), milliseconds(50));
}

TEST(RetryPolicyTest, StopsAtTheLastAttemptAndTheDeadline) {
  const absl::Status error = absl::UnavailableError("x");
  const int last = RetryOptions{}.max_attempts;
  EXPECT_TRUE(RetryDelayAfter({}, error, last - 1, kForever, 0.5).has_value());
  EXPECT_FALSE(RetryDelayAfter({}, error, last, kForever, 0.5).has_value());
  EXPECT_FALSE(RetryDelayAfter({.max_attempts = 1}, error, 1, kForever, 0.5).has_value());
  EXPECT_FALSE(RetryDelayAfter({}, error, 1, milliseconds(25), 0.0).has_value());
  EXPECT_TRUE(RetryDelayAfter({}, error, 1, milliseconds(26), 0.0).has_value());
  EXPECT_FALSE(
      RetryDelayAfter({}, WithRetryInfo(error, seconds(2)), 1, seconds(2), 0.0).has_value());
  EXPECT_FALSE(RetryDelayAfter({}, absl::InternalError("x"), 1, kForever, 0.5).has_value());
}

TEST(RetryPolicyTest, SurvivesAbsurdRetryInfo) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(std::numeric_limits<std::int64_t>::max());
  absl::Status error = absl::ResourceExhaustedError("x");
  error.SetPayload("type.googleapis.com/google.rpc.RetryInfo",
                   absl::Cord(info.SerializeAsString()));
  EXPECT_EQ(RetryDelay(error), std::nullopt);
  EXPECT_FALSE(IsRetryable(error));
  error.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord("\xFF\xFF not a proto"));
  EXPECT_EQ(RetryDelay(error), std::nullopt);
  const absl::Status years = WithRetryInfo(absl::ResourceExhaustedError("x"), seconds(1LL << 31));
  EXPECT_FALSE(RetryDelayAfter({}, years, 1, kForever, 0.5).has_value());
}

TEST(RetryPolicyTest, ValidateNamesTheFieldAndItsRange) {
  EXPECT_TRUE(RetryOptions{}.Validate().ok());
  const auto message = [](const RetryOptions& options) {
    return std::string(options.Validate().message());
  };
  EXPECT_THAT(message({.max_attempts = 0}), HasSubstr("retry.max_attempts is 0"));
  EXPECT_THAT(message({.initial_backoff = milliseconds(0)}), HasSubstr("[1, 60000]"));
  EXPECT_THAT(message({.backoff_multiplier = 0.5}), HasSubstr("backoff_multiplier"));
  EXPECT_THAT(message({.max_backoff = milliseconds(10)}), HasSubstr("max_backoff"));
  EXPECT_THAT(message({.budget_ratio = -1}), HasSubstr("budget_ratio"));
  EXPECT_THAT(message({.budget_per_second = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("budget_per_second"));
  EXPECT_THAT(message({.budget_burst = 0}), HasSubstr("budget_burst"));
}

TEST(RetryBudgetTest, CallsAndTimeEarnRetriesUpToTheBurst) {
  FakeClock clock;
  RetryBudget budget({.budget_ratio = 0.5, .budget_per_second = 2, .budget_burst = 3}, clock);
  const auto taken = [&budget] {
    int count = 0;
    while (count < 100 && budget.TryTake()) ++count;
    return count;
  };
  EXPECT_EQ(taken(), 3);  // it starts full
  EXPECT_EQ(taken(), 0);
  budget.AddCall();
  EXPECT_EQ(taken(), 0);
  budget.AddCall();
  EXPECT_EQ(taken(), 1);
  clock.Advance(milliseconds(1000));
  EXPECT_EQ(taken(), 2);
  clock.Advance(std::chrono::hours(1));
  for (int i = 0; i < 100; ++i) budget.AddCall();
  EXPECT_EQ(taken(), 3);
}

}  // namespace
}  // namespace guichet
