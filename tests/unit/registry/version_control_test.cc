#include "server/registry/version_control.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/bundle/model_bundle.h"
#include "server/store/job_table.h"
#include "tests/support/fake_classifier.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::Status Nothing(SqlTransaction&, const VersionRecord&) { return absl::OkStatus(); }

// Bundles of which only the manifest is real; what the loader refuses is in `broken_`.
class VersionControlTest : public ::testing::Test {
 protected:
  VersionControlTest() : configured_(MakeBundle("configured")) { Restart(); }

  fs::path MakeBundle(const std::string& name) {
    const fs::path folder = folder_.path() / name;
    fs::create_directory(folder);
    BundleManifest manifest = FakeClassifier().manifest();
    manifest.base_model = name;  // so that no two are the same
    std::ofstream(folder / "manifest.json") << ToJson(manifest);
    return folder;
  }

  // As a new process over the same database and files.
  void Restart() {
    control_.reset();
    registry_ = std::make_unique<ModelRegistry>(
        [this](const fs::path& path) -> absl::StatusOr<std::shared_ptr<const TextClassifier>> {
          if (path == broken_) return absl::DataLossError("weights are damaged");
          return std::make_shared<FakeClassifier>();
        },
        WarmUpOptions{.batches = 0}, metrics_, Clock::System());
    control_ = std::make_unique<VersionControl>(
        *database_, *registry_,
        VersionControlOptions{.folder = folder_.path() / "versions",
                              .keep_versions = 2,
                              .free_memory = [this] { return free_memory_; }},
        Clock::System());
  }
  absl::Status Start() { return control_->Start(configured_, ""); }

  std::int64_t Publish(const std::string& job, const std::string& verdict = "PROMOTE") {
    const auto version =
        control_->Publish({.folder = MakeBundle(job), .job_id = job, .verdict = verdict}, Nothing);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.ok() ? version->version : 0;
  }
  std::int64_t InService() const { return registry_->Acquire({}).value()->version; }
  std::vector<std::int64_t> Numbers() const {
    std::vector<std::int64_t> numbers;
    const VersionList list = control_->List().value();
    for (const VersionRecord& version : list.versions) {
      numbers.push_back(version.version);
    }
    return numbers;
  }

  const TempFolder folder_;
  fs::path configured_;
  fs::path broken_;
  std::optional<std::int64_t> free_memory_;
  ModelMetrics metrics_{std::make_shared<prometheus::Registry>()};
  const std::unique_ptr<Database> database_ = Database::Open({}).value();
  std::unique_ptr<ModelRegistry> registry_;
  std::unique_ptr<VersionControl> control_;
};

TEST_F(VersionControlTest, TheConfiguredBundleIsTheFirstVersionOnce) {
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(InService(), 1);
  Restart();
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Numbers(), ElementsAre(1));
}

TEST_F(VersionControlTest, ANewConfiguredBundleBecomesTheNewestVersion) {
  ASSERT_TRUE(Start().ok());
  configured_ = MakeBundle("other");
  Restart();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(InService(), 2);
  EXPECT_EQ(control_->List()->pointer.previous, 1);
}

TEST_F(VersionControlTest, AConfiguredBundleThatWasPutAsideStaysAside) {
  ASSERT_TRUE(Start().ok());
  const std::int64_t second = Publish("job-1");
  ASSERT_TRUE(control_->Promote(second, {}, "test").ok());
  Restart();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(InService(), second);
  control_->LoadPrevious();
  EXPECT_THAT(registry_->Versions(""), ElementsAre(1, second));
}

TEST_F(VersionControlTest, AtTheStartTheVersionBeforeTakesOverFromABrokenOne) {
  ASSERT_TRUE(Start().ok());
  const std::int64_t second = Publish("job-1");
  ASSERT_TRUE(control_->Promote(second, {}, "test").ok());
  broken_ = folder_.path() / "versions" / "fake" / std::to_string(second);
  Restart();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(InService(), 1);
  EXPECT_EQ(control_->List()->pointer.version, 1);
  EXPECT_THAT(control_->List()->versions[1].failure, HasSubstr("damaged"));
}

TEST_F(VersionControlTest, WithNothingToLoadTheStartSaysWhy) {
  broken_ = configured_;
  const absl::Status status = Start();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST_F(VersionControlTest, AChangedFolderIsNoLongerItsVersion) {
  ASSERT_TRUE(Start().ok());
  const std::int64_t second = Publish("job-1");
  std::ofstream(folder_.path() / "versions" / "fake" / std::to_string(second) / "manifest.json",
                std::ios::app)
      << " ";
  const absl::Status status = control_->Promote(second, {}, "test");
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(InService(), 1);
}

TEST_F(VersionControlTest, PublishingGoesOnAfterACrashAtAnyPoint) {
  ASSERT_TRUE(Start().ok());
  const fs::path candidate = MakeBundle("job-1");
  // The number is taken and the folder moved, and the last step fails.
  const auto crash = [](SqlTransaction&, const VersionRecord&) {
    return absl::InternalError("crash");
  };
  EXPECT_FALSE(control_->Publish({.folder = candidate, .job_id = "job-1"}, crash).ok());
  EXPECT_THAT(Numbers(), ElementsAre(1)) << "not a version yet";
  EXPECT_TRUE(absl::IsNotFound(control_->Promote(2, {}, "test")));
  Restart();
  ASSERT_TRUE(Start().ok());
  const auto version = control_->Publish({.folder = candidate, .job_id = "job-1"}, Nothing);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->version, 2);
  const auto again = control_->Publish({.folder = candidate, .job_id = "job-1"}, Nothing);
  EXPECT_EQ(again->version, 2);
  EXPECT_THAT(Numbers(), ElementsAre(1, 2));
}

TEST_F(VersionControlTest, RetentionSparesWhatIsPinnedInServiceAndBefore) {
  ASSERT_TRUE(Start().ok());
  for (const char* job : {"job-1", "job-2", "job-3", "job-4", "job-5", "job-6"}) Publish(job);
  ASSERT_TRUE(control_->Promote(2, {}, "test").ok());
  ASSERT_TRUE(control_->Promote(3, {}, "test").ok());
  ASSERT_TRUE(control_->Pin(4, true, "test").ok());
  control_->DeleteSurplus();
  EXPECT_THAT(Numbers(), ElementsAre(1, 2, 3, 4, 6, 7));
  EXPECT_FALSE(fs::exists(folder_.path() / "versions" / "fake" / "5"));
}

TEST_F(VersionControlTest, WhatTheConfigurationNamesIsNotDeleted) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(control_->Promote(Publish("job-1"), {}, "test").ok());
  ASSERT_TRUE(control_->Promote(Publish("job-2"), {}, "test").ok());
  const absl::Status status = control_->Delete(1, "test");
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("model.path"));
}

TEST_F(VersionControlTest, WhatARunningJobIsJudgedAgainstIsNotDeleted) {
  ASSERT_TRUE(Start().ok());
  const std::int64_t parent = Publish("job-1");
  JobRecord job;
  job.id = "job-2";
  job.request_id = "r";
  job.parent_version = parent;
  const auto store = [&](JobState state) {
    job.state = state;
    return database_->Transact([&](SqlTransaction& transaction) -> absl::Status {
      return job.number == 0 ? InsertJob(transaction, job) : UpdateJob(transaction, job);
    });
  };
  ASSERT_TRUE(store(JobState::kRunning).ok());
  ASSERT_TRUE(store(JobState::kRunning).ok());
  const absl::Status status = control_->Delete(parent, "test");
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("job-2"));
  ASSERT_TRUE(store(JobState::kFailed).ok());
  EXPECT_TRUE(control_->Delete(parent, "test").ok());
}

TEST_F(VersionControlTest, ARejectedVersionTakesOverFromNobody) {
  ASSERT_TRUE(Start().ok());
  Publish("job-1", "REJECT");
  broken_ = configured_;
  Restart();
  EXPECT_FALSE(Start().ok());
}

TEST_F(VersionControlTest, ADiscardedPublicationLeavesNothing) {
  ASSERT_TRUE(Start().ok());
  const auto cancelled = [](SqlTransaction&, const VersionRecord&) {
    return absl::CancelledError("cancelled");
  };
  EXPECT_FALSE(
      control_->Publish({.folder = MakeBundle("job-1"), .job_id = "job-1"}, cancelled).ok());
  EXPECT_TRUE(fs::exists(folder_.path() / "versions" / "fake" / "2"));
  control_->Discard("job-1");
  EXPECT_FALSE(fs::exists(folder_.path() / "versions" / "fake" / "2"));
  const std::int64_t published = Publish("job-2");
  control_->Discard("job-2");
  EXPECT_THAT(Numbers(), ElementsAre(1, published)) << "a version is kept";
}

TEST_F(VersionControlTest, WhatTheGateRejectedIsPromotedByForceOnly) {
  ASSERT_TRUE(Start().ok());
  const std::int64_t rejected = Publish("job-1", "REJECT");
  const absl::Status status = control_->Promote(rejected, {}, "test");
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(control_->Promote(rejected, {.force = true}, "test").ok());
  EXPECT_TRUE(control_->Promote(rejected, {.expected = 1}, "test").ok()) << "it is there already";
}

TEST_F(VersionControlTest, ThePreviousVersionStaysLoadedWhileMemoryAllows) {
  ASSERT_TRUE(Start().ok());
  const auto publish = [&](const std::string& job) {
    const fs::path bundle = MakeBundle(job);
    std::ofstream(bundle / "model.safetensors") << std::string(1000, 'w');
    return control_->Publish({.folder = bundle, .job_id = job, .verdict = "PROMOTE"}, Nothing)
        .value()
        .version;
  };
  const std::int64_t second = publish("roomy");
  free_memory_ = 1000;
  ASSERT_TRUE(control_->Promote(second, {}, "tester").ok());
  EXPECT_TRUE(control_->IsLoaded(1));
  free_memory_ = 999;
  const std::int64_t third = publish("tight");
  ASSERT_TRUE(control_->Promote(third, {}, "tester").ok());
  EXPECT_FALSE(control_->IsLoaded(1));
  EXPECT_FALSE(control_->IsLoaded(second));
  // Taken back it is loaded again, only more slowly.
  ASSERT_TRUE(control_->Rollback(0, "tester").ok());
  EXPECT_EQ(InService(), second);
  EXPECT_FALSE(control_->IsLoaded(third));
}

TEST_F(VersionControlTest, ARollbackNeedsAVersionBefore) {
  ASSERT_TRUE(Start().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(control_->Rollback(0, "test")));
  const std::int64_t second = Publish("job-1");
  ASSERT_TRUE(control_->Promote(second, {}, "test").ok());
  EXPECT_TRUE(absl::IsAborted(control_->Rollback(7, "test")));
  ASSERT_TRUE(control_->Rollback(second, "test").ok());
  EXPECT_EQ(InService(), 1);
  ASSERT_TRUE(control_->Rollback(0, "test").ok()) << "a rollback can be taken back";
  EXPECT_EQ(InService(), second);
}

}  // namespace
}  // namespace guichet
