// Versions change places under load.

#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include <gmock/gmock.h>

#include "base/mutex.h"
#include "client/client.h"
#include "tests/integration/server/operations_fixture.h"
#include "tests/support/http_get.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

// Callers that classify one ticket without pause. Every answer must come, and be the one that its
// version gives.
class VersionedLoad {
 public:
  VersionedLoad(const std::string& target, int callers) {
    ClientOptions options;
    options.target = target;
    options.timeout = std::chrono::seconds(60);
    for (int i = 0; i < callers; ++i) {
      threads_.emplace_back([this, options] { Run(Client::Connect(options).value()); });
    }
  }
  ~VersionedLoad() { Stop(); }

  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  int answers() const { return answers_; }
  // By version, the best label's score.
  std::map<std::int64_t, float> scores() {
    const MutexLock lock(mutex_);
    return scores_;
  }

 private:
  void Run(const Client& client) {
    while (!stop_) {
      const auto answer = client.Classify({.body = "Je n'arrive plus à me connecter au VPN"});
      ASSERT_TRUE(answer.ok()) << answer.status();
      const MutexLock lock(mutex_);
      const auto [known, is_new] = scores_.emplace(answer->version, answer->scores[0].score);
      EXPECT_NEAR(known->second, answer->scores[0].score, 1e-5) << "version " << answer->version;
      ++answers_;
    }
  }

  std::atomic<bool> stop_{false};
  std::atomic<int> answers_{0};
  Mutex mutex_;
  std::map<std::int64_t, float> scores_ GUICHET_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

class PromotionTest : public OperationsTest {
 protected:
  // One more version, which the job does not put in service.
  std::int64_t MakeVersion(const std::string& request_id) {
    v1::TrainRequest request = RequestOf(request_id);
    request.set_policy(v1::NEVER);
    request.set_plan("epochs: 1\nbatch_size: 16\nlearning_rate: 0.005\ndevice: cpu\nseed: " +
                     std::to_string(request_id.size()) + "\n");
    v1::Job job;
    const grpc::Status status = Train(request, &job);
    EXPECT_TRUE(status.ok()) << status.error_message();
    const v1::Job ended = Await(job.id());
    EXPECT_EQ(ended.state(), v1::SUCCEEDED) << ended.error().message();
    EXPECT_FALSE(ended.promoted());
    return ended.version();
  }

  double ResidentBytes() {
    return MetricValue(HttpGet(server_->http_port(), "/metrics").body,
                       "process_resident_memory_bytes");
  }
};

TEST_F(PromotionTest, AHundredSwapsUnderLoadLoseNoCallAndGrowNoMemory) {
  constexpr int kSwaps = 100;
  StartServer();
  const std::int64_t second = MakeVersion("a");
  const std::int64_t third = MakeVersion("bb");
  // Three versions by turns: two are kept loaded, so that each swap loads one.
  const std::vector<std::int64_t> turns = {second, third, 1};
  double after_five = 0;
  VersionedLoad load(server_->target(), 4);
  for (int swap = 0; swap < kSwaps; ++swap) {
    const grpc::Status status = Promote(turns[static_cast<std::size_t>(swap) % 3], 0, true);
    ASSERT_TRUE(status.ok()) << status.error_message() << server_->log();
    if (swap == 4) after_five = ResidentBytes();
  }
  const double at_the_end = ResidentBytes();
  load.Stop();
  EXPECT_GT(load.answers(), kSwaps);
  EXPECT_EQ(load.scores().size(), 3U);
  std::map<long, int> distinct;
  for (const auto& [version, score] : load.scores()) ++distinct[std::lround(score * 1e6)];
  EXPECT_EQ(distinct.size(), 3U) << "the versions must be told apart by their answers";
  EXPECT_LT(at_the_end, after_five * 1.1) << "memory after 100 swaps and after 5";
}

TEST_F(PromotionTest, ThePointerMovesByCompareAndSwapAndSurvivesARestart) {
  StartServer();
  const std::int64_t second = MakeVersion("a");
  grpc::Status status = Promote(second);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("force"));
  status = Promote(second, second + 5, true);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(status.error_message(), HasSubstr("version 1 is in service"));
  ASSERT_TRUE(Promote(second, 1, true).ok());
  server_->Signal(SIGKILL);
  server_->Wait();
  StartServer();
  EXPECT_EQ(Versions().version_in_service(), second);
  EXPECT_EQ(Versions().previous_version(), 1);
  ASSERT_TRUE(Rollback().ok());
  EXPECT_EQ(Versions().version_in_service(), 1);
  EXPECT_EQ(Promote(99).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Promote(0).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(PromotionTest, AVersionThatCannotBeLoadedLeavesTheOldOneInService) {
  StartServer();
  const std::int64_t second = MakeVersion("a");
  const auto weights =
      StateFolder() / "versions" / "tickets" / std::to_string(second) / "model.safetensors";
  std::filesystem::resize_file(weights, 100);
  const grpc::Status status = Promote(second, 0, true);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), HasSubstr("model.safetensors"));
  const v1::ListVersionsResponse versions = Versions();
  EXPECT_EQ(versions.version_in_service(), 1);
  EXPECT_THAT(versions.versions(1).failure(), HasSubstr("model.safetensors"));
}

TEST_F(PromotionTest, VersionsArePinnedDeletedAndNeverNumberedTwice) {
  StartServer();
  const std::int64_t second = MakeVersion("a");
  const auto remove = [&](std::int64_t version) {
    v1::DeleteVersionRequest request;
    request.set_version(version);
    v1::DeleteVersionResponse response;
    grpc::ClientContext context;
    SetDeadline(context);
    return models_->DeleteVersion(&context, request, &response);
  };
  const auto pin = [&](std::int64_t version, bool pinned) {
    v1::PinRequest request;
    request.set_version(version);
    request.set_pinned(pinned);
    v1::ModelVersion response;
    grpc::ClientContext context;
    SetDeadline(context);
    return models_->Pin(&context, request, &response);
  };
  EXPECT_THAT(remove(1).error_message(), HasSubstr("in service"));
  ASSERT_TRUE(pin(second, true).ok());
  EXPECT_THAT(remove(second).error_message(), HasSubstr("pinned"));
  ASSERT_TRUE(pin(second, false).ok());
  ASSERT_TRUE(remove(second).ok());
  EXPECT_FALSE(
      std::filesystem::exists(StateFolder() / "versions" / "tickets" / std::to_string(second)));
  EXPECT_EQ(Versions().versions_size(), 1);
  EXPECT_EQ(MakeVersion("bb"), second + 1);
}

TEST_F(PromotionTest, APinnedVersionInServiceIsNotReplacedByAJob) {
  StartServer();
  v1::PinRequest request;
  request.set_version(1);
  request.set_pinned(true);
  v1::ModelVersion pinned;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(models_->Pin(&context, request, &pinned).ok());
  }
  v1::Job job;
  ASSERT_TRUE(Train(RequestOf("better"), &job).ok());
  const v1::Job ended = Await(job.id());
  EXPECT_EQ(ended.verdict(), v1::PROMOTE) << ended.gate_json();
  EXPECT_FALSE(ended.promoted());
  EXPECT_THAT(ended.note(), HasSubstr("pinned"));
  EXPECT_EQ(Versions().version_in_service(), 1);
}

}  // namespace
}  // namespace guichet
