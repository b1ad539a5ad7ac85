#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/support/http_get.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;

class DrainTest : public RpcServerTest {};

TEST_F(DrainTest, AcceptedCallsAreAnswered) {
  StartServer();
  classifier_->Hold();
  AsyncClassify running(*stub_, RequestOf({"running"}));
  classifier_->AwaitCalls(1);
  AsyncClassify queued(*stub_, RequestOf({"a", "b"}));
  while (MetricValue(HttpGet(server_->http_port(), "/metrics").body, "guichet_queue_texts") < 2) {
  }
  std::thread drain([this] { server_->Drain(milliseconds(0), std::chrono::seconds(60)); });
  // New calls are refused once the port is closed; what was accepted is not.
  const auto late = v1::Classification::NewStub(NewConnection());
  while (true) {
    grpc::ClientContext context;
    SetDeadline(context, milliseconds(200));
    v1::ClassifyResponse response;
    const grpc::Status status = late->Classify(&context, RequestOf({"late"}), &response);
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) break;
    // Still accepted, then late: the server may notice it first, and tell so by CANCELLED.
    if (status.error_code() == grpc::StatusCode::CANCELLED) continue;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  }
  classifier_->ReleaseAll();
  EXPECT_TRUE(running.Await().ok());
  EXPECT_TRUE(queued.Await().ok());
  drain.join();
}

// As the client library connects: calls go only where health says SERVING.
TEST_F(DrainTest, UnderLoadAClientThatWatchesHealthLosesNothing) {
  StartServer();
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(
      R"({"loadBalancingConfig": [{"round_robin": {}}],
          "healthCheckConfig": {"serviceName": "guichet.v1.Classification"}})");
  const auto stub = v1::Classification::NewStub(
      grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->grpc_port()),
                                grpc::InsecureChannelCredentials(), arguments));
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      while (true) {
        grpc::ClientContext context;
        SetDeadline(context);
        v1::ClassifyResponse response;
        const grpc::Status status = stub->Classify(&context, RequestOf({"x"}), &response);
        if (!status.ok()) {
          // The channel's own: no address is serving. Nothing was sent, so nothing is lost.
          EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
          ++refused;
          return;
        }
        ++answered;
      }
    });
  }
  while (answered < 200) std::this_thread::yield();
  server_->Drain(milliseconds(1000), std::chrono::seconds(60));
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(refused, 8);
}

TEST_F(DrainTest, AStuckDeviceDoesNotHoldTheDrainForEver) {
  config_.pipeline.stuck_device_wait = milliseconds(50);
  StartServer();
  classifier_->Hold();
  AsyncClassify stuck(*stub_, RequestOf({"stuck"}));
  classifier_->AwaitCalls(1);
  AsyncClassify queued(*stub_, RequestOf({"queued"}));
  server_->Drain(milliseconds(0), milliseconds(100));
  EXPECT_FALSE(stuck.Await().ok());
  EXPECT_FALSE(queued.Await().ok());
  classifier_->ReleaseAll();
}

TEST_F(DrainTest, DrainingTwiceIsHarmless) {
  StartServer();
  server_->Drain(milliseconds(0), milliseconds(100));
  server_->Drain(milliseconds(0), milliseconds(100));
}

}  // namespace
}  // namespace guichet
