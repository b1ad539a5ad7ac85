#include "model/hub/hub_cache.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kCommit(40, 'a');
const std::string kBlob(40, 'b');
const std::string kOther(64, 'c');

class HubCacheTest : public testing::Test {
 protected:
  HubCacheTest() : cache_(temp_.path(), *ParseRepoName("own.er/na-me")) {
    EXPECT_TRUE(cache_.MakeFolders().ok());
    std::ofstream(cache_.BlobPath(kBlob)) << "one";
    std::ofstream(cache_.BlobPath(kOther)) << "other";
  }

  const TempFolder temp_;
  const HubCache cache_;
};

TEST_F(HubCacheTest, PlacesAreHuggingFaces) {
  const fs::path repo = temp_.path() / "models--own.er--na-me";
  EXPECT_EQ(cache_.BlobPath(kBlob), repo / "blobs" / kBlob);
  EXPECT_EQ(cache_.IncompletePath(kBlob), repo / "blobs" / (kBlob + ".incomplete"));
  EXPECT_EQ(cache_.SnapshotPath(kCommit), repo / "snapshots" / kCommit);
  EXPECT_EQ(cache_.LockPath(kBlob),
            temp_.path() / ".locks/models--own.er--na-me" / (kBlob + ".lock"));
}

TEST_F(HubCacheTest, ASnapshotLinksToItsBlobsAndGrows) {
  ASSERT_TRUE(cache_.LinkSnapshot(kCommit, {{.name = "config.json", .blob = kBlob}}).ok());
  const fs::path snapshot = cache_.SnapshotPath(kCommit);
  EXPECT_EQ(fs::read_symlink(snapshot / "config.json"), "../../blobs/" + kBlob);
  EXPECT_TRUE(fs::is_regular_file(snapshot / "config.json"));
  // Another file beside it, and one whose link was something else.
  std::ofstream(snapshot / "vocab.json") << "a copy";
  ASSERT_TRUE(cache_
                  .LinkSnapshot(kCommit, {{.name = "vocab.json", .blob = kOther},
                                          {.name = "merges.txt", .blob = kBlob}})
                  .ok());
  EXPECT_EQ(fs::read_symlink(snapshot / "vocab.json"), "../../blobs/" + kOther);
  EXPECT_EQ(std::distance(fs::directory_iterator(snapshot), fs::directory_iterator()), 3);
  const auto listing = cache_.ListSnapshot(kCommit);
  ASSERT_TRUE(listing.ok()) << listing.status();
  ASSERT_EQ(listing->files.size(), 3U);
  for (const HubFile& file : listing->files) {
    EXPECT_EQ(file.blob, file.name == "vocab.json" ? kOther : kBlob);
    EXPECT_EQ(file.bytes, file.name == "vocab.json" ? 5U : 3U);
  }
}

TEST_F(HubCacheTest, ALinkToNothingIsNoFile) {
  ASSERT_TRUE(cache_.LinkSnapshot(kCommit, {{.name = "config.json", .blob = kBlob}}).ok());
  fs::remove(cache_.BlobPath(kBlob));
  EXPECT_TRUE(cache_.ListSnapshot(kCommit)->files.empty());
  EXPECT_EQ(cache_.ListSnapshot(kBlob).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(HubCacheTest, RefsHoldWhatARevisionStandsFor) {
  EXPECT_EQ(cache_.CommitOf("main").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(cache_.WriteRef("main", kCommit).ok());
  ASSERT_TRUE(cache_.WriteRef("refs/pr/1", kCommit).ok());
  EXPECT_EQ(*cache_.CommitOf("main"), kCommit);
  EXPECT_EQ(*cache_.CommitOf("refs/pr/1"), kCommit);
  EXPECT_EQ(cache_.CommitOf("refs").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*cache_.CommitOf(kBlob), kBlob) << "a commit stands for itself";
  ASSERT_TRUE(cache_.WriteRef(kCommit, kCommit).ok());
  EXPECT_FALSE(fs::exists(temp_.path() / "models--own.er--na-me/refs" / kCommit));
  EXPECT_EQ(cache_.CommitOf("../x").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(HubCacheTest, ARefThatHoldsNoCommitIsNotFollowed) {
  for (const char* bad : {"", "main", "../../../etc"}) {
    ASSERT_TRUE(cache_.WriteRef("main", bad).ok());
    const auto commit = cache_.CommitOf("main");
    EXPECT_EQ(commit.status().code(), absl::StatusCode::kDataLoss) << bad;
    EXPECT_THAT(std::string(commit.status().message()), HasSubstr("refs/main"));
  }
  ASSERT_TRUE(cache_.WriteRef("main", kCommit + "\n").ok());  // as some tools leave it
  EXPECT_EQ(*cache_.CommitOf("main"), kCommit);
}

}  // namespace
}  // namespace guichet
