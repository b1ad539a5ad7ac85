#include "model/hub/repo_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

TEST(RepoNameTest, ANameHasAnOwnerAndMayHaveARevision) {
  const auto plain = ParseRepoName("moussaKam/barthez");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->owner, "moussaKam");
  EXPECT_EQ(plain->name, "barthez");
  EXPECT_EQ(plain->revision, "main");
  EXPECT_EQ(ParseRepoName("a/b.c_d-e@refs/pr/3")->revision, "refs/pr/3");
  EXPECT_EQ(ParseRepoName("a/b@v1@2")->revision, "v1@2");
}

TEST(RepoNameTest, NamesThatCouldLeadElsewhereAreRefused) {
  for (const char* bad : {"",         "barthez",
                          "/",        "a/",
                          "/b",       "a/b/c",
                          "../b",     "a/..",
                          "a/b..c",   "a--b/c",
                          "a/b--c",   "-a/b",
                          "a/b-",     ".a/b",
                          "a/b.",     "a b/c",
                          "a/b\n",    "a/é",
                          "a\\b/c",   "a/b@",
                          "a/b@../x", "https://huggingface.co/a/b"}) {
    EXPECT_EQ(ParseRepoName(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_FALSE(LooksLikeRepoName(bad)) << bad;
  }
  EXPECT_TRUE(ParseRepoName("a/" + std::string(94, 'b')).ok());
  EXPECT_FALSE(ParseRepoName("a/" + std::string(95, 'b')).ok());
}

TEST(RepoNameTest, RevisionsStayBelowTheirFolder) {
  for (const char* good : {"main", "v1.0", "refs/pr/1", "feature/a-b", "a@b"}) {
    EXPECT_TRUE(CheckRevision(good).ok()) << good;
  }
  for (const char* bad : {"", "/main", "main/", "a//b", "..", "a/../b", "a..b", ".git/x", "a b",
                          "a\\b", "a:b", "a?b", "a\nb", "é"}) {
    EXPECT_FALSE(CheckRevision(bad).ok()) << bad;
  }
  EXPECT_TRUE(CheckRevision(std::string(200, 'r')).ok());
  EXPECT_FALSE(CheckRevision(std::string(201, 'r')).ok());
}

TEST(RepoNameTest, ACommitIsFortyLowerCaseDigits) {
  EXPECT_TRUE(IsCommit("0123456789abcdef0123456789abcdef01234567"));
  EXPECT_FALSE(IsCommit("0123456789ABCDEF0123456789abcdef01234567"));
  EXPECT_FALSE(IsCommit("0123456789abcdef"));
  EXPECT_FALSE(IsCommit("main"));
}

}  // namespace
}  // namespace guichet
