#include <atomic>
#include <chrono>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/support/http_get.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr const char* kServices[] = {"", "guichet.v1.Classification",
                                     "inference.GRPCInferenceService"};

class HealthTest : public RpcServerTest {
 protected:
  void SetUp() override {
    StartServer();
    health_ = Health::NewStub(channel_);
  }

  // The state, or the code of the failed check as a negative number.
  int Check(const std::string& service) {
    grpc::ClientContext context;
    SetDeadline(context);
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = health_->Check(&context, request, &response);
    return status.ok() ? static_cast<int>(response.status())
                       : -static_cast<int>(status.error_code());
  }

  std::unique_ptr<Health::Stub> health_;
};

// A Watch of one service.
class Watch {
 public:
  Watch(Health::Stub& stub, const std::string& service) {
    HealthCheckRequest request;
    request.set_service(service);
    reader_ = stub.Watch(&context_, request);
  }
  ~Watch() {
    context_.TryCancel();
    reader_->Finish();
  }
  // Blocks until the next report; -1: the watch has ended.
  int Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? static_cast<int>(response.status()) : -1;
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

TEST_F(HealthTest, EveryServiceIsServingOnceTheServerHasStarted) {
  for (const char* service : kServices) {
    EXPECT_EQ(Check(service), HealthCheckResponse::SERVING) << service;
  }
  EXPECT_EQ(Check("liveness"), HealthCheckResponse::SERVING);
  EXPECT_EQ(Check("no.such.Service"), -static_cast<int>(grpc::StatusCode::NOT_FOUND));
  EXPECT_EQ(HttpGet(server_->http_port(), "/healthz").code, 200);
  EXPECT_EQ(HttpGet(server_->http_port(), "/readyz").code, 200);
}

TEST_F(HealthTest, ADrainIsToldToWatchersBeforeCallsAreRefused) {
  Watch service(*health_, "guichet.v1.Classification");
  Watch whole(*health_, "");
  ASSERT_EQ(service.Next(), HealthCheckResponse::SERVING);
  ASSERT_EQ(whole.Next(), HealthCheckResponse::SERVING);
  const int http_port = server_->http_port();
  std::thread drain(
      [this] { server_->Drain(std::chrono::milliseconds(1500), std::chrono::milliseconds(1000)); });
  EXPECT_EQ(service.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(whole.Next(), HealthCheckResponse::NOT_SERVING);
  // Within the notice: calls are still answered, the process still lives.
  EXPECT_TRUE(Classify(RequestOf({"x"})).ok());
  EXPECT_EQ(Check("liveness"), HealthCheckResponse::SERVING);
  EXPECT_EQ(Check(""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(HttpGet(http_port, "/readyz").code, 503);
  EXPECT_EQ(HttpGet(http_port, "/healthz").code, 200);
  EXPECT_EQ(service.Next(), -1);
  drain.join();
  EXPECT_EQ(Classify(RequestOf({"x"})).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthTest, OpenWatchesDoNotHoldTheDrainUp) {
  Watch service(*health_, "guichet.v1.Classification");
  Watch unknown(*health_, "no.such.Service");
  ASSERT_EQ(service.Next(), HealthCheckResponse::SERVING);
  ASSERT_EQ(unknown.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  const auto start = std::chrono::steady_clock::now();
  server_->Drain(std::chrono::milliseconds(0), std::chrono::minutes(1));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  EXPECT_EQ(service.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(service.Next(), -1);
  EXPECT_EQ(unknown.Next(), -1);
}

TEST_F(HealthTest, WatchesComeAndGoWhileTheStateChanges) {
  std::atomic<bool> stop{false};
  std::thread flapping([&] {
    // As often as the device may fail and recover.
    while (!stop) {
      classifier_->FailWith(absl::InternalError("device lost"));
      for (int i = 0; i < 3; ++i) Classify(RequestOf({"x"}));
      classifier_->FailWith(absl::OkStatus());
      for (int i = 0; i < 2; ++i) Classify(RequestOf({"x"}));
    }
  });
  for (int i = 0; i < 300; ++i) {
    Watch watch(*health_, "");
    for (int reports = i % 3; reports > 0; --reports) EXPECT_GE(watch.Next(), 0);
  }
  stop = true;
  flapping.join();
}

TEST_F(HealthTest, ADeviceThatFailsAgainAndAgainIsNotServing) {
  classifier_->FailWith(absl::InternalError("device lost"));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(Classify(RequestOf({"x"})).ok());
  EXPECT_EQ(Check("guichet.v1.Classification"), HealthCheckResponse::SERVING) << "may be chance";
  EXPECT_FALSE(Classify(RequestOf({"x"})).ok());
  EXPECT_EQ(Check("guichet.v1.Classification"), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check("liveness"), HealthCheckResponse::SERVING);
  classifier_->FailWith(absl::OkStatus());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Classify(RequestOf({"x"})).ok());
  EXPECT_EQ(Check("guichet.v1.Classification"), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, NothingListensBeforeTheModelIsLoaded) {
  ServerParts parts;
  int port_while_loading = -1;
  std::unique_ptr<Server> late;
  parts.loader =
      [&](const std::filesystem::path&) -> absl::StatusOr<std::shared_ptr<const TextClassifier>> {
    port_while_loading = late->grpc_port() + late->http_port();
    return absl::DataLossError("the bundle is damaged");
  };
  late = std::make_unique<Server>(config_, std::move(parts));
  const absl::Status started = late->Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(port_while_loading, 0);
  EXPECT_EQ(late->grpc_port() + late->http_port(), 0);
}

TEST_F(HealthTest, ASecondServerOnTheSamePortIsRefused) {
  config_.server.address = "127.0.0.1:" + std::to_string(server_->grpc_port());
  ServerParts parts;
  parts.loader = [this](const std::filesystem::path&)
      -> absl::StatusOr<std::shared_ptr<const TextClassifier>> { return classifier_; };
  Server second(config_, std::move(parts));
  const absl::Status started = second.Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(started.message().find("server.address"), absl::string_view::npos);
}

}  // namespace
}  // namespace guichet
