#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client.h"
#include "tests/integration/server/server_process.h"
#include "tests/support/http_get.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

Client ClientOf(const std::string& target) {
  ClientOptions options;
  options.target = target;
  options.timeout = std::chrono::seconds(60);
  auto client = Client::Connect(options);
  if (!client.ok()) throw std::runtime_error(std::string(client.status().message()));
  return *client;
}

// Callers that classify without pause until told to stop; every failure is a failure of the test.
class Load {
 public:
  Load(const std::string& target, std::size_t callers)
      : client_(ClientOf(target)), answered_(callers) {
    for (std::atomic<int>& mine : answered_) threads_.emplace_back([this, &mine] { Run(mine); });
  }
  ~Load() { Stop(); }

  // Until each caller has had so many answers more: one that waits to try again has then met the
  // server, too.
  void AwaitAnswers(int more) const {
    for (const std::atomic<int>& each : answered_) {
      const int goal = each + more;
      while (each < goal) std::this_thread::sleep_for(milliseconds(1));
    }
  }
  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void Run(std::atomic<int>& answered) {
    while (!stop_) {
      const auto answer = client_.Classify({.body = "Je n'arrive plus à me connecter au VPN"});
      EXPECT_TRUE(answer.ok()) << answer.status();
      ++answered;
    }
  }

  const Client client_;
  std::atomic<bool> stop_{false};
  std::vector<std::atomic<int>> answered_;  // by caller
  std::vector<std::thread> threads_;
};

TEST(ServerLifeTest, RestartsUnderLoadLoseNoCall) {
  constexpr int kRestarts = 20;
  auto server = std::make_unique<ServerProcess>(GoldenBundle());
  const int port = server->grpc_port();
  Load load(server->target(), 8);
  for (int i = 0; i < kRestarts; ++i) {
    load.AwaitAnswers(5);
    EXPECT_EQ(server->Stop(), 0) << server->log();
    server = std::make_unique<ServerProcess>(GoldenBundle(), port);
  }
  load.AwaitAnswers(5);
}

TEST(ServerLifeTest, AKilledServerStartsAgain) {
  auto server = std::make_unique<ServerProcess>(GoldenBundle());
  const int port = server->grpc_port();
  Load load(server->target(), 2);
  load.AwaitAnswers(20);
  server->Signal(SIGKILL);
  EXPECT_EQ(server->Wait(), 128 + SIGKILL);
  server = std::make_unique<ServerProcess>(GoldenBundle(), port);
  load.AwaitAnswers(20);
}

TEST(ServerLifeTest, ASecondSignalEndsADrainAtOnce) {
  ServerProcess server(GoldenBundle(), {"--server.drain_notice", "60s", "--log.level", "info"});
  server.Signal(SIGTERM);
  server.AwaitLog("draining");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 130);
}

TEST(ServerLifeTest, AHangUpSetsTheLogLevelOfTheFile) {
  const TempFolder folder;
  const std::string file = (folder.path() / "guichet.yaml").string();
  std::ofstream(file) << "log: {level: info, format: json}\n";
  ServerProcess server(GoldenBundle(), {"--config", file});
  const Client client = ClientOf(server.target());
  ASSERT_TRUE(client.Classify({.body = "bonjour"}).ok());
  std::ofstream(file) << "log: {level: debug, format: json}\n";
  server.Signal(SIGHUP);
  server.AwaitLog("reloaded");
  EXPECT_THAT(server.log(), Not(HasSubstr("\"event\":\"call\"")));
  ASSERT_TRUE(client.Classify({.body = "bonjour"}).ok());
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_THAT(server.log(), HasSubstr("\"event\":\"call\""));
  EXPECT_THAT(server.log(), HasSubstr("\"request_id\":\""));
}

TEST(ServerLifeTest, TheLogAndTheMetricsNeverHoldATicketsText) {
  ServerProcess server(GoldenBundle(), {"--log.level", "trace", "--log.format", "json",
                                        "--limits.characters_per_text", "300"});
  const std::string mark = "zqxjkv";
  const Client client = ClientOf(server.target());
  EXPECT_TRUE(client.Classify({.subject = mark, .body = mark + " plus rien"}).ok());
  EXPECT_FALSE(client.Classify({.body = mark + std::string(400, 'x')}).ok());
  EXPECT_FALSE(client.Classify({.id = std::string(300, 'i') + mark, .body = mark}).ok());
  EXPECT_FALSE(client.Classify({.body = "un \xff " + mark}).ok());
  EXPECT_FALSE(client.Classify({.body = mark}, {.top_k = -1}).ok());
  const std::string metrics = HttpGet(server.http_port(), "/metrics").body;
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_THAT(server.log(), HasSubstr("\"event\":\"call\""));
  EXPECT_THAT(server.log(), Not(HasSubstr(mark)));
  EXPECT_THAT(server.output(), Not(HasSubstr(mark)));
  EXPECT_GT(metrics.size(), 1000U);
  EXPECT_THAT(metrics, Not(HasSubstr(mark)));
}

TEST(ServerLifeTest, MetricsCountWhatWasServed) {
  ServerProcess server(GoldenBundle());
  const Client client = ClientOf(server.target());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.Classify({.body = "écran noir"}).ok());
  const std::string metrics = HttpGet(server.http_port(), "/metrics").body;
  EXPECT_EQ(MetricValue(metrics,
                        "guichet_requests_total{code=\"OK\",method=\"Classify\",service=\"guichet."
                        "v1.Classification\"}"),
            3);
  EXPECT_EQ(MetricValue(metrics, "guichet_stage_duration_seconds_count{stage=\"infer\"}"), 3);
  EXPECT_GT(MetricValue(metrics,
                        "guichet_device_memory_bytes{device=\"cpu\",kind=\"weights\","
                        "version=\"1\"}"),
            1'000'000);
  EXPECT_THAT(metrics, HasSubstr("guichet_model_info{"));
  EXPECT_THAT(metrics, HasSubstr("guichet_build_info{"));
}

TEST(ServerLifeTest, ABrokenBundleIsNamedAndNothingListens) {
  const TempFolder folder;
  const auto copy = folder.path() / "bundle";
  std::filesystem::copy(GoldenBundle(), copy, std::filesystem::copy_options::recursive);
  std::fstream weights(copy / "model.safetensors", std::ios::in | std::ios::out);
  weights.seekp(-1, std::ios::end);
  weights.put('\x7f');
  weights.close();
  try {
    const ServerProcess server(copy);
    ADD_FAILURE() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("model.safetensors"));
  }
}

}  // namespace
}  // namespace guichet
