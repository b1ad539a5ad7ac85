#include "server/telemetry/http_endpoint.h"

#include <chrono>
#include <memory>

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "server/telemetry/metric_builders.h"
#include "tests/support/http_get.h"

namespace guichet {
namespace {

class HttpEndpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpContent content;
    content.collectables = {registry_};
    content.before_scrape = [this] { ++scrapes_; };
    content.ready = [this] { return ready_.load(); };
    auto endpoint = HttpEndpoint::Start("127.0.0.1:0", content);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    endpoint_ = *std::move(endpoint);
  }

  const std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  std::atomic<int> scrapes_{0};
  std::atomic<bool> ready_{false};
  std::unique_ptr<HttpEndpoint> endpoint_;
};

TEST_F(HttpEndpointTest, ServesTheRegistryAsText) {
  CounterFamily(*registry_, "things_total", "Things.").Add({{"kind", "a\"b\\c"}}).Increment(2);
  const HttpReply reply = HttpGet(endpoint_->port(), "/metrics");
  EXPECT_EQ(reply.code, 200);
  EXPECT_NE(reply.head.find("text/plain; version=0.0.4"), std::string::npos);
  EXPECT_EQ(MetricValue(reply.body, R"(guichet_things_total{kind="a\"b\\c"})"), 2);
  EXPECT_EQ(scrapes_.load(), 1);
}

TEST_F(HttpEndpointTest, LivesAlwaysAndIsReadyWhenToldSo) {
  EXPECT_EQ(HttpGet(endpoint_->port(), "/healthz").code, 200);
  EXPECT_EQ(HttpGet(endpoint_->port(), "/readyz").code, 503);
  ready_ = true;
  EXPECT_EQ(HttpGet(endpoint_->port(), "/readyz").code, 200);
}

TEST_F(HttpEndpointTest, ATakenOrWrongAddressIsAnErrorThatNamesTheKey) {
  for (const std::string& address :
       {"127.0.0.1:" + std::to_string(endpoint_->port()), std::string("no-such-host.invalid:1")}) {
    const auto second = HttpEndpoint::Start(address, {});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_NE(second.status().message().find("server.http_address"), absl::string_view::npos);
  }
}

TEST_F(HttpEndpointTest, AfterItsEndNothingListens) {
  const int port = endpoint_->port();
  endpoint_.reset();
  EXPECT_THROW(HttpGet(port, "/healthz"), std::runtime_error);
}

}  // namespace
}  // namespace guichet
