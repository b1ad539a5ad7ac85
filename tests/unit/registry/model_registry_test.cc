#include "server/registry/model_registry.h"

#include <atomic>
#include <sstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "tests/support/fake_classifier.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ModelRegistryTest : public ::testing::Test {
 protected:
  absl::StatusOr<VersionLease> Load(std::int64_t version, const std::string& name = "") {
    return registry_.Load({.path = "bundle", .name = name, .version = version});
  }
  std::string Series() {
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, series_->Collect());
    return text.str();
  }

  const std::shared_ptr<prometheus::Registry> series_ = std::make_shared<prometheus::Registry>();
  ModelMetrics metrics_{series_};
  absl::StatusOr<std::shared_ptr<FakeClassifier>> next_ = std::make_shared<FakeClassifier>();
  ModelRegistry registry_{
      [this](const std::filesystem::path&)
          -> absl::StatusOr<std::shared_ptr<const TextClassifier>> { return next_; },
      {.batches = 1},
      metrics_,
      Clock::System()};
};

TEST_F(ModelRegistryTest, NothingIsServedBeforeALoad) {
  EXPECT_EQ(registry_.Acquire({}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(registry_.Versions(""), IsEmpty());
}

TEST_F(ModelRegistryTest, TheFirstVersionIsWarmAndInService) {
  ASSERT_TRUE(Load(1).ok());
  EXPECT_FALSE((*next_)->calls().empty());
  const auto lease = registry_.Acquire({});
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ((*lease)->name, "fake");
  EXPECT_EQ((*lease)->version, 1);
  EXPECT_THAT(Series(), HasSubstr("guichet_model_state{state=\"ready\",version=\"1\"} 1"));
}

TEST_F(ModelRegistryTest, SelectsByNameAndVersion) {
  ASSERT_TRUE(Load(1, "tickets").ok());
  EXPECT_TRUE(registry_.Acquire({.name = "tickets"}).ok());
  EXPECT_TRUE(registry_.Acquire({.name = "tickets", .version = 1}).ok());
  EXPECT_EQ(registry_.Acquire({.name = "fake"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_.Acquire({.version = 2}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelRegistryTest, AVersionLoadedBesideIsServedWhenItIsPutInService) {
  ASSERT_TRUE(Load(1).ok());
  next_ = std::make_shared<FakeClassifier>(2);
  ASSERT_TRUE(Load(2).ok());
  EXPECT_EQ((*registry_.Acquire({}))->version, 1);
  EXPECT_EQ((*registry_.Acquire({.version = 2}))->version, 2);
  EXPECT_THAT(registry_.Versions("fake"), ElementsAre(1, 2));
  ASSERT_TRUE(registry_.PutInService("fake", 2).ok());
  EXPECT_EQ((*registry_.Acquire({}))->version, 2);
  EXPECT_EQ(registry_.PutInService("fake", 3).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry_.PutInService("other", 1).code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelRegistryTest, ARetiredVersionLivesUntilItsLastLease) {
  ASSERT_TRUE(Load(1).ok());
  const std::weak_ptr<const TextClassifier> old = *next_;
  const auto lease = registry_.Acquire({});
  next_ = std::make_shared<FakeClassifier>(2);
  ASSERT_TRUE(Load(2).ok());
  EXPECT_EQ(registry_.Retire("fake", 1).code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(registry_.PutInService("fake", 2).ok());
  ASSERT_TRUE(registry_.Retire("fake", 1).ok());
  EXPECT_FALSE(registry_.Acquire({.version = 1}).ok());
  EXPECT_FALSE(old.expired()) << "a call still holds it";
  EXPECT_THAT(Series(), HasSubstr("guichet_predictions_total{label=\"0\",version=\"1\"}"));
}

TEST_F(ModelRegistryTest, TheSeriesOfAFreedVersionAreGone) {
  ASSERT_TRUE(Load(1).ok());
  next_ = std::make_shared<FakeClassifier>(2);
  ASSERT_TRUE(Load(2).ok());
  ASSERT_TRUE(registry_.PutInService("fake", 2).ok());
  ASSERT_TRUE(registry_.Retire("fake", 1).ok());
  // The janitor works on its own time.
  const std::string gone = "guichet_predictions_total{label=\"0\",version=\"1\"}";
  while (Series().find(gone) != std::string::npos) std::this_thread::yield();
  EXPECT_THAT(Series(), HasSubstr("guichet_predictions_total{label=\"0\",version=\"2\"}"));
  EXPECT_THAT(Series(), HasSubstr("guichet_model_state{state=\"unloaded\",version=\"1\"} 1"));
}

TEST_F(ModelRegistryTest, AFailedLoadChangesNothingInService) {
  ASSERT_TRUE(Load(1).ok());
  next_ = absl::DataLossError("hash of model.safetensors is wrong");
  EXPECT_EQ(Load(2).status().code(), absl::StatusCode::kDataLoss);
  next_ = std::make_shared<FakeClassifier>(3);
  (*next_)->FailWith(absl::InternalError("no memory on the device"));
  EXPECT_EQ(Load(3).status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(registry_.Versions(""), ElementsAre(1));
  EXPECT_EQ((*registry_.Acquire({}))->version, 1);
  EXPECT_THAT(Series(), HasSubstr("guichet_model_swap_total{result=\"failed\"} 2"));
  EXPECT_THAT(Series(), HasSubstr("guichet_model_state{state=\"failed\",version=\"3\"} 1"));
}

TEST_F(ModelRegistryTest, AVersionIsLoadedOnce) {
  ASSERT_TRUE(Load(1).ok());
  EXPECT_EQ(Load(1).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Series(), HasSubstr("guichet_predictions_total{label=\"0\",version=\"1\"}"))
      << "the refused one must not take the series along";
  EXPECT_THAT(Series(), HasSubstr("guichet_model_state{state=\"ready\",version=\"1\"} 1"));
}

TEST_F(ModelRegistryTest, CallersAlwaysGetOneOfTheVersionsDuringSwaps) {
  ASSERT_TRUE(Load(1).ok());
  ASSERT_TRUE(Load(2).ok());
  std::atomic<bool> stop{false};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        const auto lease = registry_.Acquire({});
        ASSERT_TRUE(lease.ok());
        EXPECT_TRUE((*lease)->version == 1 || (*lease)->version == 2);
      }
    });
  }
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(registry_.PutInService("fake", 1 + i % 2).ok());
  stop = true;
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace guichet
