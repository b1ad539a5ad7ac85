#include "base/durable_file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

// What a crash leaves cannot be seen here; what the calls promise while the machine runs can.

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DurableFileTest : public ::testing::Test {
 protected:
  fs::path At(const std::string& name) const { return folder_.path() / name; }
  std::size_t Entries() const {
    std::size_t entries = 0;
    for (const auto& entry : fs::directory_iterator(folder_.path())) entries += entry.exists();
    return entries;
  }
  const TempFolder folder_;
};

TEST_F(DurableFileTest, AFileIsReplacedWholeAndNothingElseIsLeft) {
  ASSERT_TRUE(WriteFileDurably(At("a"), "first").ok());
  ASSERT_TRUE(WriteFileDurably(At("a"), "second").ok());
  EXPECT_EQ(*ReadFile(At("a"), 100), "second");
  EXPECT_EQ(Entries(), 1U);
}

TEST_F(DurableFileTest, AFileBeyondTheLimitIsNotRead) {
  ASSERT_TRUE(WriteFileDurably(At("a"), "1234").ok());
  EXPECT_TRUE(ReadFile(At("a"), 4).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile(At("a"), 3).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(At("b"), 3).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile(folder_.path(), 3).status()));
}

TEST_F(DurableFileTest, FoldersAreMadeWithThoseTheyLieIn) {
  ASSERT_TRUE(MakeFoldersDurably(At("a/b/c")).ok());
  ASSERT_TRUE(MakeFoldersDurably(At("a/b/d/")).ok());
  ASSERT_TRUE(MakeFoldersDurably(At("a/b/d")).ok()) << "it is there already";
  EXPECT_TRUE(fs::is_directory(At("a/b/c")));
  EXPECT_TRUE(fs::is_directory(At("a/b/d")));
  std::ofstream(At("file")) << "x";
  const absl::Status blocked = MakeFoldersDurably(At("file/a"));
  EXPECT_FALSE(blocked.ok());
  EXPECT_THAT(std::string(blocked.message()), HasSubstr("file"));
}

TEST_F(DurableFileTest, AMoveReplacesNothing) {
  std::ofstream(At("a")) << "a";
  std::ofstream(At("b")) << "b";
  EXPECT_TRUE(absl::IsAlreadyExists(MoveDurably(At("a"), At("b"))));
  EXPECT_TRUE(absl::IsNotFound(MoveDurably(At("c"), At("d"))));
  EXPECT_TRUE(MoveDurably(At("a"), At("d")).ok());
  EXPECT_EQ(*ReadFile(At("d"), 10), "a");
  EXPECT_FALSE(fs::exists(At("a")));
}

TEST_F(DurableFileTest, AFolderThatCouldNotBeFilledLeavesNothing) {
  const absl::Status failed = CreateFolderDurably(At("a"), [](const fs::path& staging) {
    std::ofstream(staging / "half") << "x";
    return absl::InternalError("no more");
  });
  EXPECT_TRUE(absl::IsInternal(failed));
  EXPECT_EQ(Entries(), 0U);
  const auto fill = [](const fs::path& staging) {
    return WriteFileDurably(staging / "x", "whole");
  };
  ASSERT_TRUE(CreateFolderDurably(At("a"), fill).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(CreateFolderDurably(At("a"), fill)));
  EXPECT_EQ(*ReadFile(At("a") / "x", 10), "whole");
  EXPECT_EQ(Entries(), 1U);
}

}  // namespace
}  // namespace guichet
