#include "server/store/version_table.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

class VersionTableTest : public ::testing::Test {
 protected:
  std::int64_t Take(const std::string& model) {
    std::int64_t number = 0;
    EXPECT_TRUE(Do([&](SqlTransaction& transaction) -> absl::Status {
                  GUICHET_ASSIGN_OR_RETURN(number, TakeVersionNumber(transaction, model));
                  return absl::OkStatus();
                }).ok());
    return number;
  }
  absl::Status Move(const ServicePointer& expected, const ServicePointer& next) {
    return Do([&](SqlTransaction& transaction) {
      return MovePointer(transaction, "tickets", expected, next);
    });
  }
  absl::Status Do(const std::function<absl::Status(SqlTransaction&)>& work) {
    return database_->Transact(work);
  }

  const std::unique_ptr<Database> database_ = Database::Open({}).value();
};

TEST_F(VersionTableTest, NumbersAreGivenOnceForEachModel) {
  EXPECT_EQ(Take("tickets"), 1);
  EXPECT_EQ(Take("tickets"), 2);
  EXPECT_EQ(Take("other"), 1);
}

TEST_F(VersionTableTest, ThePointerMovesFromWhereItWasSeenOnly) {
  ASSERT_TRUE(Move({}, {.version = 1, .previous = 0}).ok());
  ASSERT_TRUE(Move({.version = 1, .previous = 0}, {.version = 2, .previous = 1}).ok());
  EXPECT_TRUE(absl::IsAborted(Move({.version = 1, .previous = 0}, {.version = 3, .previous = 1})));
  EXPECT_TRUE(absl::IsAborted(Move({.version = 2, .previous = 0}, {.version = 3, .previous = 2})));
}

TEST_F(VersionTableTest, AJobHasOneVersion) {
  VersionRecord version;
  version.model = "tickets";
  version.version = 1;
  version.job_id = "job-1";
  const auto insert = [&] {
    return Do([&](SqlTransaction& transaction) { return InsertVersion(transaction, version); });
  };
  ASSERT_TRUE(insert().ok());
  version.version = 2;
  EXPECT_TRUE(absl::IsAlreadyExists(insert()));
  version.job_id = "";
  ASSERT_TRUE(insert().ok());
  version.version = 3;
  EXPECT_TRUE(insert().ok()) << "versions of no job are any number";
}

TEST_F(VersionTableTest, WhatMayChangeOfAVersionChanges) {
  VersionRecord version;
  version.model = "tickets";
  version.version = 1;
  version.origin = "job";
  version.owned = true;
  ASSERT_TRUE(
      Do([&](SqlTransaction& transaction) { return InsertVersion(transaction, version); }).ok());
  version.stored = true;
  version.pinned = true;
  version.manifest_sha256 = "abc";
  version.failure = "why";
  ASSERT_TRUE(
      Do([&](SqlTransaction& transaction) { return UpdateVersion(transaction, version); }).ok());
  std::optional<VersionRecord> found;
  ASSERT_TRUE(Do([&](SqlTransaction& transaction) -> absl::Status {
                GUICHET_ASSIGN_OR_RETURN(found, FindVersion(transaction, "tickets", 1));
                return absl::OkStatus();
              }).ok());
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->stored);
  EXPECT_TRUE(found->pinned);
  EXPECT_TRUE(found->owned);
  EXPECT_EQ(found->origin, "job");
  EXPECT_EQ(found->manifest_sha256, "abc");
  EXPECT_EQ(found->failure, "why");
}

TEST_F(VersionTableTest, HoldoutKeysKeepAllTheirBits) {
  const std::vector<HoldoutRow> keys = {{.high = 0xffffffffffffffffU, .low = 0, .sketch = "ab"},
                                        {.high = 1, .low = 0x8000000000000000U, .sketch = ""}};
  std::vector<HoldoutRow> read;
  ASSERT_TRUE(Do([&](SqlTransaction& transaction) -> absl::Status {
                GUICHET_RETURN_IF_ERROR(AddHoldout(transaction, "tickets", keys));
                const absl::Status again = AddHoldout(transaction, "tickets", {keys[0]});
                if (!again.ok()) return again;
                GUICHET_ASSIGN_OR_RETURN(read, ReadHoldout(transaction, "tickets"));
                return absl::OkStatus();
              }).ok());
  EXPECT_THAT(read, ::testing::UnorderedElementsAreArray(keys));
}

TEST_F(VersionTableTest, ASketchComesLaterAndStays) {
  std::vector<HoldoutRow> read;
  ASSERT_TRUE(Do([&](SqlTransaction& transaction) -> absl::Status {
                for (const char* sketch : {"", "ab", "cd", ""}) {
                  GUICHET_RETURN_IF_ERROR(AddHoldout(transaction, "tickets",
                                                     {{.high = 1, .low = 2, .sketch = sketch}}));
                }
                GUICHET_ASSIGN_OR_RETURN(read, ReadHoldout(transaction, "tickets"));
                return absl::OkStatus();
              }).ok());
  EXPECT_THAT(read, ::testing::ElementsAre(HoldoutRow{.high = 1, .low = 2, .sketch = "ab"}));
}

}  // namespace
}  // namespace guichet
