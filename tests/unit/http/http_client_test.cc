#include "model/http/http_client.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_http_server.h"

namespace guichet {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Keeps what comes, up to `max_bytes`.
class Kept : public HttpSink {
 public:
  explicit Kept(std::size_t max_bytes = 1000) : max_bytes_(max_bytes) {}
  absl::Status Begin(const HttpAnswer& head) override {
    ++begun;
    code = head.code;
    kind = head.headers.contains("x-kind") ? head.headers.at("x-kind") : "";
    return absl::OkStatus();
  }
  absl::Status Take(std::string_view bytes) override {
    text += bytes;
    return text.size() > max_bytes_ ? absl::DataLossError("too much") : absl::OkStatus();
  }

  int begun = 0;
  long code = 0;
  std::string kind;
  std::string text;

 private:
  const std::size_t max_bytes_;
};

ScriptedHttpServer Answering(const HttpReplyScript& reply) {
  return ScriptedHttpServer([reply](const HttpCall&) { return reply; });
}

TEST(HttpClientTest, ADownloadGoesToItsSink) {
  const ScriptedHttpServer server = Answering({.body = "weights", .headers = "X-Kind:  blob \r\n"});
  Kept kept;
  const auto answer = HttpClient({}).Download(server.url() + "/f", 0, kept);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(kept.begun, 1);
  EXPECT_EQ(kept.text, "weights");
  EXPECT_EQ(kept.kind, "blob");
  EXPECT_THAT(answer->body, IsEmpty());
  EXPECT_THAT(server.calls()[0].head, Not(HasSubstr("Range:")));
}

TEST(HttpClientTest, AnEmptyBodyBeginsToo) {
  const ScriptedHttpServer server = Answering({.body = ""});
  Kept kept;
  ASSERT_TRUE(HttpClient({}).Download(server.url(), 0, kept).ok());
  EXPECT_EQ(kept.begun, 1);
}

TEST(HttpClientTest, AnOffsetIsAskedForAndForgotten) {
  const ScriptedHttpServer server = Answering({.code = 206, .body = "s"});
  HttpClient client({});
  Kept kept;
  ASSERT_TRUE(client.Download(server.url(), 6, kept).ok());
  EXPECT_EQ(kept.code, 206);
  ASSERT_TRUE(client.Get(server.url()).ok());
  EXPECT_THAT(server.calls()[0].head, HasSubstr("Range: bytes=6-\r\n"));
  EXPECT_THAT(server.calls()[1].head, Not(HasSubstr("Range:")));
}

TEST(HttpClientTest, OnlyASuccessReachesTheSink) {
  const ScriptedHttpServer server = Answering({.code = 404, .body = std::string(100, 'x')});
  Kept kept;
  const auto answer = HttpClient({.max_answer_bytes = 10}).Download(server.url(), 0, kept);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 404);
  EXPECT_EQ(answer->body, std::string(10, 'x'));
  EXPECT_EQ(kept.begun, 0);
}

TEST(HttpClientTest, TheSinksErrorIsTheCalls) {
  const ScriptedHttpServer server = Answering({.body = "weights"});
  Kept kept(3);
  const auto answer = HttpClient({}).Download(server.url() + "/f?secret=1", 0, kept);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("/f: too much"));
  EXPECT_THAT(std::string(answer.status().message()), Not(HasSubstr("secret")));
}

TEST(HttpClientTest, AnAnswerThatBreaksOffIsNoAnswer) {
  const ScriptedHttpServer server = Answering({.body = "weig", .lacking = 3});
  Kept kept;
  EXPECT_EQ(HttpClient({}).Download(server.url(), 0, kept).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(kept.text, "weig");
}

TEST(HttpClientTest, WhatIsKeptHasABound) {
  const ScriptedHttpServer server = Answering({.body = std::string(100, 'x')});
  const auto answer = HttpClient({.max_answer_bytes = 99}).Get(server.url());
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("99"));
  EXPECT_TRUE(HttpClient({.max_answer_bytes = 100}).Get(server.url()).ok());
}

TEST(HttpClientTest, ARedirectIsToldAndNotFollowed) {
  const ScriptedHttpServer server =
      Answering({.code = 302, .headers = "Location: ../there?x=1\r\n"});
  const auto answer = HttpClient({.token = "secret"}).Get(server.url() + "/a/b/c");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->redirect, server.url() + "/a/there?x=1");
  ASSERT_EQ(server.calls().size(), 1U);
  EXPECT_THAT(server.calls()[0].head, HasSubstr("Authorization: Bearer secret"));
}

TEST(HttpClientTest, WhoAsksMayCallItOff) {
  const ScriptedHttpServer server = Answering({.hang = true});
  const auto answer = HttpClient({.cancelled = [] { return true; }}).Get(server.url());
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace guichet
