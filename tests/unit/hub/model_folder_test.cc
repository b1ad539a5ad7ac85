#include "model/hub/model_folder.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/hub/hub_cache.h"
#include "model/text/built_in_tokenizer.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kCommit(40, 'a');

class ModelFolderTest : public testing::Test {
 protected:
  ModelFolderTest() { options_.cache = temp_.path() / "hub"; }

  void Pulled(const std::string& repo, const std::string& revision) const {
    const HubCache cache(options_.cache, *ParseRepoName(repo));
    ASSERT_TRUE(cache.MakeFolders().ok());
    ASSERT_TRUE(cache.LinkSnapshot(kCommit, {}).ok());
    ASSERT_TRUE(cache.WriteRef(revision, kCommit).ok());
  }

  const TempFolder temp_;
  HubOptions options_;
};

TEST_F(ModelFolderTest, ANameIsTheSnapshotOfItsRevision) {
  Pulled("own/name", "main");
  for (const std::string& name :
       {std::string("own/name"), std::string("own/name@main"), "own/name@" + kCommit}) {
    const auto folder = ResolveModelFolder(name, options_);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_EQ(folder->path, options_.cache / "models--own--name/snapshots" / kCommit);
    EXPECT_EQ(folder->pulled, "name");
  }
}

TEST_F(ModelFolderTest, WhatExistsOrIsNoNameIsAPath) {
  for (const std::string& path :
       {temp_.path().string(), std::string("camembert"), std::string("./own/name"),
        std::string("/nowhere/at/all"), std::string("a/b/c"), std::string("")}) {
    const auto folder = ResolveModelFolder(path, options_);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_EQ(folder->path, path);
    EXPECT_EQ(folder->pulled, "");
  }
}

TEST_F(ModelFolderTest, WhatComesWithTheProgramIsFoundByName) {
  for (const std::string_view name : kBuiltInNames) {
    const auto folder = ResolveModelFolder(std::string(name), options_);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_EQ(folder->path, BuiltInFolder(name).value());
    EXPECT_TRUE(fs::exists(folder->path / "config.json"));
  }
}

TEST_F(ModelFolderTest, WhatWasNotPulledSaysHow) {
  Pulled("own/name", "main");
  const auto missing = [&](const std::string& name) {
    const auto folder = ResolveModelFolder(name, options_);
    EXPECT_EQ(folder.status().code(), absl::StatusCode::kNotFound);
    return std::string(folder.status().message());
  };
  EXPECT_THAT(missing("own/other"), HasSubstr("run: guichet pull own/other"));
  EXPECT_THAT(missing("own/name@v2"), HasSubstr("run: guichet pull own/name@v2"));
  EXPECT_THAT(missing("own/other"), HasSubstr(options_.cache.string()));
  // The ref is there, its snapshot was removed.
  fs::remove_all(options_.cache / "models--own--name/snapshots");
  EXPECT_THAT(missing("own/name"), HasSubstr("run: guichet pull own/name"));
}

}  // namespace
}  // namespace guichet
