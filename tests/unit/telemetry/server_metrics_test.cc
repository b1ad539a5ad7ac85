#include "server/telemetry/server_metrics.h"

#include <chrono>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "server/telemetry/request_metrics.h"
#include "tests/support/http_get.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ServerMetricsTest : public ::testing::Test {
 protected:
  double Value(const std::string& series) {
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, registry_.Collect());
    return MetricValue(text.str(), "guichet_" + series);
  }

  prometheus::Registry registry_;
  ServerMetrics metrics_{registry_, {.max_batch_texts = 100, .max_batch_tokens = 1000}};
};

TEST_F(ServerMetricsTest, ShowsWhatThePipelineReports) {
  metrics_.OnQueueChanged(3, 70);
  metrics_.OnOldestAge(milliseconds(1500));
  metrics_.OnBatch(2, 40, BatchCloseReason::kQueueEmpty, milliseconds(5));
  metrics_.OnRejected("queue_texts", 4);
  metrics_.OnDeviceError();
  EXPECT_EQ(Value("queue_texts"), 3);
  EXPECT_EQ(Value("queue_tokens"), 70);
  EXPECT_EQ(Value("queue_oldest_age_seconds"), 1.5);
  EXPECT_EQ(Value("batch_texts_sum"), 2);
  EXPECT_EQ(Value("batch_tokens_sum"), 40);
  EXPECT_EQ(Value("batch_closed_total{reason=\"queue_empty\"}"), 1);
  EXPECT_EQ(Value("rejected_total{reason=\"queue_texts\"}"), 4);
  EXPECT_EQ(Value("device_errors_total"), 1);
}

TEST_F(ServerMetricsTest, ReasonsNobodyListedShareOneSeries) {
  metrics_.OnRejected("surprise", 2);
  metrics_.OnRejected("another", 1);
  EXPECT_EQ(Value("rejected_total{reason=\"other\"}"), 3);
  EXPECT_EQ(Value("rejected_total{reason=\"surprise\"}"), -1);
}

TEST_F(ServerMetricsTest, BatchBucketsReachTheConfiguredBounds) {
  EXPECT_EQ(Value("batch_texts_bucket{le=\"128\"}"), 0);
  EXPECT_EQ(Value("batch_texts_bucket{le=\"256\"}"), -1);
  EXPECT_EQ(Value("batch_tokens_bucket{le=\"1024\"}"), 0);
}

TEST_F(ServerMetricsTest, LatencyBucketsSpanTheSpecifiedRange) {
  EXPECT_EQ(Value("stage_duration_seconds_bucket{stage=\"infer\",le=\"0.0002\"}"), 0);
  EXPECT_EQ(Value("stage_duration_seconds_bucket{stage=\"infer\",le=\"10\"}"), 0);
}

TEST_F(ServerMetricsTest, DeviceBusyIsTheShareSinceTheLastScrape) {
  const SteadyTime start{};
  metrics_.UpdateDeviceBusy(start);
  metrics_.OnBatch(1, 1, BatchCloseReason::kQueueEmpty, milliseconds(500));
  metrics_.UpdateDeviceBusy(start + seconds(2));
  EXPECT_DOUBLE_EQ(Value("device_busy_ratio"), 0.25);
  metrics_.UpdateDeviceBusy(start + seconds(3));
  EXPECT_EQ(Value("device_busy_ratio"), 0);
}

TEST_F(ServerMetricsTest, CountsTokensUnknownsAndTruncations) {
  metrics_.CountText(10, 5, true);
  metrics_.CountText(10, 0, false);
  EXPECT_EQ(Value("tokens_total"), 20);
  EXPECT_EQ(Value("truncated_total"), 1);
  EXPECT_EQ(Value("unknown_token_ratio_sum"), 0.5);
  EXPECT_EQ(Value("unknown_token_ratio_count"), 2);
}

TEST_F(ServerMetricsTest, MethodsCountEveryCode) {
  MethodMetrics method(registry_, "s", "M");
  method.OnStart();
  EXPECT_EQ(Value("requests_in_flight{method=\"M\"}"), 1);
  method.OnEnd(absl::StatusCode::kUnauthenticated, seconds(1));
  EXPECT_EQ(Value("requests_in_flight{method=\"M\"}"), 0);
  EXPECT_EQ(Value("requests_total{code=\"UNAUTHENTICATED\",method=\"M\",service=\"s\"}"), 1);
  EXPECT_EQ(Value("requests_total{code=\"OK\",method=\"M\",service=\"s\"}"), 0);
  EXPECT_EQ(Value("request_duration_seconds_sum{method=\"M\"}"), 1);
  EXPECT_EQ(CodeName(absl::StatusCode::kDataLoss), "DATA_LOSS");
  EXPECT_EQ(CodeName(absl::StatusCode::kResourceExhausted), "RESOURCE_EXHAUSTED");
}

}  // namespace
}  // namespace guichet
