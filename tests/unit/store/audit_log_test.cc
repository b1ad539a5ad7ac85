#include "server/store/audit_log.h"

#include <chrono>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    for (const char* action : {"train", "promote", "rollback"}) {
      const absl::Status status = database_->Transact([&](SqlTransaction& transaction) {
        return AppendAudit(transaction, WallTime(std::chrono::seconds(1'700'000'000)),
                           {.actor = "ipv4:127.0.0.1", .action = action, .subject = "tickets/2"});
      });
      EXPECT_TRUE(status.ok()) << status;
    }
  }

  absl::Status Verify() {
    return database_->Transact(
        [](SqlTransaction& transaction) { return VerifyAudit(transaction); });
  }
  void Change(const char* sql) {
    const absl::Status status = database_->Transact(
        [&](SqlTransaction& transaction) { return transaction.Execute(sql, {}).status(); });
    ASSERT_TRUE(status.ok()) << status;
  }

  const std::unique_ptr<Database> database_ = Database::Open({}).value();
};

TEST_F(AuditLogTest, WhatWasWrittenIsWhole) { EXPECT_TRUE(Verify().ok()) << Verify(); }

TEST_F(AuditLogTest, AChangedRowShows) {
  Change("UPDATE audit SET subject = 'tickets/3' WHERE number = 2");
  EXPECT_TRUE(absl::IsDataLoss(Verify()));
  EXPECT_THAT(std::string(Verify().message()), HasSubstr("row 2"));
}

TEST_F(AuditLogTest, ARowThatWasTakenOutShows) {
  Change("DELETE FROM audit WHERE number = 2");
  EXPECT_THAT(std::string(Verify().message()), HasSubstr("row 2"));
}

TEST_F(AuditLogTest, FieldsCannotBeShiftedIntoEachOther) {
  Change("UPDATE audit SET actor = 'ipv4:127.0.0.1p', action = 'romote' WHERE number = 2");
  EXPECT_THAT(std::string(Verify().message()), HasSubstr("row 2"));
}

TEST_F(AuditLogTest, ListsTheNewestFirstPageByPage) {
  std::vector<AuditRow> rows;
  const auto list = [&](std::int64_t before) {
    return database_->Transact([&](SqlTransaction& transaction) -> absl::Status {
      GUICHET_ASSIGN_OR_RETURN(rows, ListAudit(transaction, before, 2));
      return absl::OkStatus();
    });
  };
  ASSERT_TRUE(list(INT64_MAX).ok());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].number, 3);
  EXPECT_EQ(rows[0].entry.action, "rollback");
  EXPECT_EQ(rows[0].sha256.size(), 64U);
  EXPECT_EQ(rows[1].entry.action, "promote");
  ASSERT_TRUE(list(rows[1].number).ok());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].entry.action, "train");
  EXPECT_EQ(rows[0].entry.actor, "ipv4:127.0.0.1");
}

}  // namespace
}  // namespace guichet
