#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/http_get.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;

// A server whose device is held back, so that the queue fills.
class OverloadTest : public RpcServerTest {
 protected:
  double Metric(const std::string& series) {
    return MetricValue(HttpGet(server_->http_port(), "/metrics").body, series);
  }
  void AwaitMetric(const std::string& series, double value) {
    while (Metric(series) != value) std::this_thread::yield();
  }
  // Occupies the worker with one text.
  std::unique_ptr<AsyncClassify> Occupy() {
    classifier_->Hold();
    auto call = std::make_unique<AsyncClassify>(*stub_, RequestOf({"occupy"}));
    classifier_->AwaitCalls(1);
    return call;
  }
};

TEST_F(OverloadTest, AFullQueueRefusesAtOnceAndSaysWhenToRetry) {
  config_.pipeline.max_queue_texts = 2;
  StartServer();
  auto occupying = Occupy();
  AsyncClassify queued(*stub_, RequestOf({"a", "b"}));
  AwaitMetric("guichet_queue_texts", 2);
  // The device is held, so an answer now is an answer without waiting.
  for (int i = 0; i < 20; ++i) {
    const grpc::Status status = Classify(RequestOf({"refused"}));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(ReasonOf(status), "OVERLOADED");
    EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(status).has_value());
  }
  EXPECT_EQ(Metric("guichet_rejected_total{reason=\"queue_texts\"}"), 20);
  EXPECT_EQ(Metric("guichet_requests_total{code=\"RESOURCE_EXHAUSTED\",method=\"Classify\","
                   "service=\"guichet.v1.Classification\"}"),
            20);
  classifier_->ReleaseAll();
  EXPECT_TRUE(occupying->Await().ok());
  EXPECT_TRUE(queued.Await().ok());
  EXPECT_TRUE(Classify(RequestOf({"accepted again"})).ok());
}

TEST_F(OverloadTest, ExpiredTextsNeverReachTheDevice) {
  StartServer();
  auto occupying = Occupy();
  AsyncClassify expiring(*stub_, RequestOf({"expires"}), milliseconds(50));
  EXPECT_EQ(expiring.Await().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  AwaitMetric("guichet_queue_texts", 0);
  classifier_->ReleaseAll();
  EXPECT_TRUE(occupying->Await().ok());
  EXPECT_TRUE(Classify(RequestOf({"after"})).ok());
  EXPECT_EQ(classifier_->calls().size(), 2U);  // "occupy" and "after"
}

TEST_F(OverloadTest, CancelledTextsNeverReachTheDevice) {
  StartServer();
  auto occupying = Occupy();
  AsyncClassify cancelled(*stub_, RequestOf({"cancelled"}));
  AwaitMetric("guichet_queue_texts", 1);
  cancelled.Cancel();
  EXPECT_EQ(cancelled.Await().error_code(), grpc::StatusCode::CANCELLED);
  // The server hears of it by a frame of its own; only then may the device go on.
  AwaitMetric("guichet_abandoned_calls_total", 1);
  classifier_->ReleaseAll();
  EXPECT_TRUE(occupying->Await().ok());
  EXPECT_TRUE(Classify(RequestOf({"after"})).ok());
  EXPECT_EQ(classifier_->calls().size(), 2U);
  EXPECT_EQ(Metric("guichet_rejected_total{reason=\"cancelled\"}"), 1);
}

TEST_F(OverloadTest, AConnectionMayHaveOnlySoManyCallsInFlight) {
  config_.limits.in_flight_per_connection = 2;
  StartServer();
  auto first = Occupy();
  AsyncClassify second(*stub_, RequestOf({"b"}));
  AwaitMetric("guichet_queue_texts", 1);
  const grpc::Status status = Classify(RequestOf({"c"}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_CALLS");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(status).has_value());
  EXPECT_TRUE(DetailOf<google::rpc::QuotaFailure>(status)->violations(0).subject().starts_with(
      "connection:"));
  // Another connection has its own count.
  const auto other = v1::Classification::NewStub(NewConnection());
  AsyncClassify elsewhere(*other, RequestOf({"d"}));
  AwaitMetric("guichet_queue_texts", 2);
  classifier_->ReleaseAll();
  EXPECT_TRUE(first->Await().ok());
  EXPECT_TRUE(second.Await().ok());
  EXPECT_TRUE(elsewhere.Await().ok());
  EXPECT_TRUE(Classify(RequestOf({"e"})).ok());
}

TEST_F(OverloadTest, StagesAddUpToTheWholeCall) {
  StartServer();
  classifier_->OnCall([] { std::this_thread::sleep_for(milliseconds(50)); });
  ASSERT_TRUE(Classify(RequestOf({"x"})).ok());
  const std::string metrics = HttpGet(server_->http_port(), "/metrics").body;
  double stages = 0;
  for (const char* stage : {"admit", "tokenize", "queue", "batch", "infer", "respond"}) {
    const double sum = MetricValue(
        metrics, std::string("guichet_stage_duration_seconds_sum{stage=\"") + stage + "\"}");
    ASSERT_GE(sum, 0) << stage;
    stages += sum;
  }
  const double whole =
      MetricValue(metrics, "guichet_request_duration_seconds_sum{method=\"Classify\"}");
  EXPECT_GT(whole, 0.05);
  EXPECT_NEAR(stages, whole, 0.1 * whole);
}

}  // namespace
}  // namespace guichet
