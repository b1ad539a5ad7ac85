#include "server/jobs/dataset_store.h"

#include <fstream>
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DatasetStoreTest : public ::testing::Test {
 protected:
  DatasetStoreTest() {
    store_ = DatasetStore::Open(folder_.path() / "datasets",
                                {.max_dataset_bytes = 100, .max_total_bytes = 250},
                                [this] { return needed_; })
                 .value();
  }

  static UploadPlan PlanOf(const std::string& contents, std::int64_t offset = 0) {
    return {.sha256 = Sha256Hex(contents),
            .size = static_cast<std::int64_t>(contents.size()),
            .offset = offset,
            .name = "tickets.csv"};
  }
  absl::Status Upload(const std::string& contents) {
    const auto upload = store_->Begin(PlanOf(contents));
    if (!upload.ok()) return upload.status();
    const absl::Status appended = (*upload)->Append(contents);
    if (!appended.ok()) return appended;
    return (*upload)->Finish().status();
  }

  const TempFolder folder_;
  std::set<fs::path> needed_;
  std::unique_ptr<DatasetStore> store_;
};

TEST_F(DatasetStoreTest, OneWriterAtATime) {
  const std::string contents(50, 'a');
  auto first = store_->Begin(PlanOf(contents));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(absl::IsAborted(store_->Begin(PlanOf(contents)).status()));
  first->reset();
  EXPECT_TRUE(store_->Begin(PlanOf(contents)).ok());
}

TEST_F(DatasetStoreTest, WhatArrivedStaysForTheNextAttempt) {
  const std::string contents(50, 'a');
  ASSERT_TRUE((*store_->Begin(PlanOf(contents)))->Append(contents.substr(0, 20)).ok());
  {
    const auto asked = store_->Begin(PlanOf(contents));
    const auto state = (*asked)->Finish();
    EXPECT_EQ(state->committed_bytes, 20);
    EXPECT_FALSE(state->complete);
    const absl::Status again = (*asked)->Append(contents);
    EXPECT_TRUE(absl::IsOutOfRange(again)) << again;
    EXPECT_THAT(std::string(again.message()), HasSubstr("20 bytes"));
  }
  const auto rest = store_->Begin(PlanOf(contents, 20));
  ASSERT_TRUE((*rest)->Append(contents.substr(20)).ok());
  EXPECT_TRUE((*rest)->Finish()->complete);
  EXPECT_EQ(store_->Find(Sha256Hex(contents))->extension(), ".csv");
}

TEST_F(DatasetStoreTest, PlansOutOfRangeAreRefused) {
  UploadPlan plan = PlanOf("abc");
  plan.sha256 = "ABC";
  EXPECT_THAT(std::string(store_->Begin(plan).status().message()), HasSubstr("header.sha256"));
  plan = PlanOf("abc");
  plan.size = 101;
  EXPECT_THAT(std::string(store_->Begin(plan).status().message()),
              HasSubstr("training.max_dataset_size"));
  plan = PlanOf("abc");
  plan.name = "";
  EXPECT_THAT(std::string(store_->Begin(plan).status().message()), HasSubstr("header.name"));
  plan = PlanOf("abc");
  EXPECT_TRUE(absl::IsInvalidArgument((*store_->Begin(plan))->Append("abcd")));
  plan.offset = 2;
  EXPECT_TRUE(absl::IsOutOfRange(store_->Begin(plan).status()));
}

TEST_F(DatasetStoreTest, TheOldestThatNobodyNeedsMakeRoom) {
  const std::string first(100, '1');
  const std::string second(100, '2');
  ASSERT_TRUE(Upload(first).ok());
  ASSERT_TRUE(Upload(second).ok());
  fs::last_write_time(*store_->Find(Sha256Hex(first)),
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  needed_ = {*store_->Find(Sha256Hex(first))};
  ASSERT_TRUE(Upload(std::string(100, '3')).ok());
  EXPECT_TRUE(store_->Find(Sha256Hex(first)).ok()) << "a waiting job needs it";
  EXPECT_TRUE(absl::IsNotFound(store_->Find(Sha256Hex(second)).status()));
  needed_.insert(*store_->Find(Sha256Hex(std::string(100, '3'))));
  const absl::Status full = Upload(std::string(100, '4'));
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_THAT(std::string(full.message()), HasSubstr("training.max_datasets_size"));
}

TEST_F(DatasetStoreTest, PathsLeadOutOfNoRoot) {
  const fs::path root = folder_.path() / "root";
  fs::create_directories(root / "inside");
  fs::create_directories(folder_.path() / "rooted");
  std::ofstream(root / "inside" / "a.csv") << "x";
  std::ofstream(folder_.path() / "secret.csv") << "x";
  std::ofstream(folder_.path() / "rooted" / "b.csv") << "x";
  fs::create_symlink(folder_.path() / "secret.csv", root / "link.csv");
  fs::create_symlink(root / "inside", root / "inner");
  const std::string roots = "/nonexistent:" + root.string();
  const auto resolve = [&](const fs::path& path) { return ResolveBelowRoots(path, roots); };
  EXPECT_EQ(*resolve(root / "inside" / "a.csv"), fs::canonical(root / "inside" / "a.csv"));
  EXPECT_EQ(*resolve(root / "inner" / "a.csv"), fs::canonical(root / "inside" / "a.csv"));
  for (const fs::path& outside :
       {root / "link.csv", root / ".." / "secret.csv", folder_.path() / "secret.csv",
        folder_.path() / "rooted" / "b.csv", root / "absent.csv"}) {
    EXPECT_TRUE(absl::IsPermissionDenied(resolve(outside).status())) << outside;
  }
  EXPECT_THAT(std::string(ResolveBelowRoots(root / "inside" / "a.csv", "").status().message()),
              HasSubstr("training.dataset_roots is empty"));
}

}  // namespace
}  // namespace guichet
