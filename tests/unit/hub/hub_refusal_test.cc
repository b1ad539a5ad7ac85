#include "model/hub/hub_refusal.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::HasSubstr;
using testing::Not;

absl::Status Refusal(long code, const std::string& error_code, const std::string& token = "") {
  HubOptions options;
  options.token = token;
  const HttpAnswer answer{
      .code = code, .headers = {{"x-error-code", error_code}, {"x-error-message", "words\x1b"}}};
  return HubRefusal(answer, *ParseRepoName("own/name@v2"), "model.safetensors", options);
}

TEST(HubRefusalTest, CodesSayWhatKindOfFailureItIs) {
  EXPECT_EQ(Refusal(401, "GatedRepo").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Refusal(403, "").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Refusal(404, "RepoNotFound").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Refusal(416, "").code(), absl::StatusCode::kOutOfRange);
  for (const long passing : {408L, 429L, 500L, 502L, 503L, 504L}) {
    EXPECT_EQ(Refusal(passing, "").code(), absl::StatusCode::kUnavailable) << passing;
  }
  for (const long odd : {0L, 300L, 400L, 418L}) {
    EXPECT_EQ(Refusal(odd, "").code(), absl::StatusCode::kFailedPrecondition) << odd;
  }
}

TEST(HubRefusalTest, MessagesNameTheThingAndTheRemedy) {
  const auto text = [](const absl::Status& status) { return std::string(status.message()); };
  EXPECT_THAT(text(Refusal(403, "GatedRepo")), HasSubstr("https://huggingface.co/own/name"));
  EXPECT_THAT(text(Refusal(403, "GatedRepo")), HasSubstr("set HF_TOKEN"));
  EXPECT_THAT(text(Refusal(401, "", "hf_secret")), HasSubstr("does not count"));
  EXPECT_THAT(text(Refusal(401, "", "hf_secret")), Not(HasSubstr("hf_secret")));
  EXPECT_THAT(text(Refusal(404, "RevisionNotFound")), HasSubstr("'v2'"));
  EXPECT_THAT(text(Refusal(404, "EntryNotFound")), HasSubstr("model.safetensors"));
  EXPECT_THAT(text(Refusal(404, "")), HasSubstr("HF_ENDPOINT"));
  EXPECT_THAT(text(Refusal(500, "")), HasSubstr("words?"));
}

TEST(HubRefusalTest, OnlyAWholeNumberOfSecondsIsWaitedFor) {
  const auto wait = [](const std::string& value) {
    return RetryAfter({.headers = {{"retry-after", value}}}).count();
  };
  EXPECT_EQ(wait("7"), 7000);
  for (const char* bad : {"", "-7", "7.5", "soon", "7 s", "99999999999"}) EXPECT_EQ(wait(bad), 0);
  EXPECT_EQ(RetryAfter({}).count(), 0);
}

}  // namespace
}  // namespace guichet
