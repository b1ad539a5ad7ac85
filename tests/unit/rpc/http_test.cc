#include <set>
#include <sstream>
#include <string>

#include "tests/support/http_get.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

class HttpTest : public RpcServerTest {
 protected:
  std::string Metrics() { return HttpGet(server_->http_port(), "/metrics").body; }
};

TEST_F(HttpTest, EverySeriesExistsBeforeTheFirstCall) {
  StartServer();
  const std::string metrics = Metrics();
  for (const char* series :
       {"guichet_requests_total{code=\"OK\",method=\"Classify\",service=\"guichet.v1."
        "Classification\"}",
        "guichet_requests_total{code=\"UNAVAILABLE\",method=\"ModelInfer\",service=\"inference."
        "GRPCInferenceService\"}",
        "guichet_request_duration_seconds_count{method=\"StreamClassify\"}",
        "guichet_stage_duration_seconds_count{stage=\"infer\"}",
        "guichet_rejected_total{reason=\"queue_texts\"}",
        "guichet_batch_closed_total{reason=\"queue_empty\"}", "guichet_batch_texts_count",
        "guichet_batch_tokens_count", "guichet_queue_texts", "guichet_queue_tokens",
        "guichet_queue_oldest_age_seconds", "guichet_tokens_total", "guichet_truncated_total",
        "guichet_unknown_token_ratio_count", "guichet_device_errors_total",
        "guichet_predictions_total{label=\"2\",version=\"1\"}",
        "guichet_confidence_count{version=\"1\"}", "guichet_abstained_total{version=\"1\"}"}) {
    EXPECT_EQ(MetricValue(metrics, series), 0) << series;
  }
  for (const char* series : {"guichet_model_state{state=\"ready\",version=\"1\"}",
                             "guichet_model_label_info{label=\"1\",name=\"length\",version=\"1\"}",
                             "guichet_model_swap_total{result=\"ok\"}"}) {
    EXPECT_EQ(MetricValue(metrics, series), 1) << series;
  }
  for (const char* series : {"process_resident_memory_bytes", "process_open_fds", "process_threads",
                             "process_cpu_seconds_total", "process_start_time_seconds",
                             "process_max_fds", "guichet_limit{limit=\"queue_texts\"}"}) {
    EXPECT_GT(MetricValue(metrics, series), 0) << series;
  }
}

TEST_F(HttpTest, CallsMoveTheCounters) {
  StartServer();
  ASSERT_TRUE(Classify(RequestOf({"ab", "abc"})).ok());
  const std::string metrics = Metrics();
  EXPECT_EQ(
      MetricValue(metrics,
                  "guichet_requests_total{code=\"OK\",method=\"Classify\",service=\"guichet.v1"
                  ".Classification\"}"),
      1);
  EXPECT_EQ(MetricValue(metrics, "guichet_tokens_total"), 9);
  EXPECT_EQ(MetricValue(metrics, "guichet_predictions_total{label=\"1\",version=\"1\"}"), 2);
  EXPECT_EQ(MetricValue(metrics, "guichet_stage_duration_seconds_count{stage=\"queue\"}"), 2);
  EXPECT_EQ(MetricValue(metrics, "guichet_requests_in_flight{method=\"Classify\"}"), 0);
}

TEST_F(HttpTest, EveryFamilyHasHelpWithoutBackslashes) {
  StartServer();
  std::set<std::string> helped;
  std::istringstream lines(Metrics());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      const std::size_t name_end = line.find(' ', 7);
      ASSERT_NE(name_end, std::string::npos) << line;
      EXPECT_GT(line.size(), name_end + 10) << line;
      EXPECT_EQ(line.find('\\'), std::string::npos) << line;
      EXPECT_TRUE(helped.insert(line.substr(7, name_end - 7)).second) << "twice: " << line;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(helped.contains(line.substr(7, line.find(' ', 7) - 7))) << line;
    }
  }
  EXPECT_GT(helped.size(), 30U);
}

TEST_F(HttpTest, UnknownPathsAreNotFound) {
  StartServer();
  EXPECT_EQ(HttpGet(server_->http_port(), "/etc/passwd").code, 404);
  EXPECT_EQ(HttpGet(server_->http_port(), "/").code, 404);
}

TEST_F(HttpTest, NoAddressMeansNoPort) {
  config_.server.http_address.clear();
  StartServer();
  EXPECT_EQ(server_->http_port(), 0);
  EXPECT_TRUE(Classify(RequestOf({"x"})).ok());
}

}  // namespace
}  // namespace guichet
