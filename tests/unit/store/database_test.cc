#include "server/store/database.h"

#include <array>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status_macros.h"
#include "server/store/schema.h"
#include "server/store/version_table.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

constexpr const char* kAdd = "INSERT INTO version_numbers VALUES (?, ?)";

absl::Status Add(Database& database, const std::string& model, std::int64_t last) {
  return database.Transact([&](SqlTransaction& transaction) {
    return transaction.Execute(kAdd, {model, last}).status();
  });
}

std::vector<std::string> Models(Database& database) {
  std::vector<std::string> models;
  const absl::Status status = database.Transact([&](SqlTransaction& transaction) {
    return transaction.Query("SELECT model FROM version_numbers ORDER BY model", {},
                             [&](const SqlRow& row) { models.push_back(row.Text(0)); });
  });
  EXPECT_TRUE(status.ok()) << status;
  return models;
}

class DatabaseTest : public ::testing::Test {
 protected:
  std::filesystem::path File() const { return folder_.path() / "guichet.db"; }
  const TempFolder folder_;
};

TEST_F(DatabaseTest, WhatATransactionWroteIsThereForTheNextProcess) {
  {
    const auto database = Database::Open(File()).value();
    ASSERT_TRUE(Add(*database, "é'\"; DROP TABLE jobs", 7).ok());
  }
  const auto database = Database::Open(File()).value();
  EXPECT_THAT(Models(*database), ::testing::ElementsAre("é'\"; DROP TABLE jobs"));
}

TEST_F(DatabaseTest, AFailedTransactionWritesNothing) {
  const auto database = Database::Open({}).value();
  const absl::Status status = database->Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_RETURN_IF_ERROR(transaction.Execute(kAdd, {"a", std::int64_t{1}}).status());
    return absl::AbortedError("changed my mind");
  });
  EXPECT_EQ(status, absl::AbortedError("changed my mind"));
  EXPECT_THAT(Models(*database), ::testing::IsEmpty());
}

TEST_F(DatabaseTest, ConstraintsAndMistakesHaveTheirCodes) {
  const auto database = Database::Open({}).value();
  ASSERT_TRUE(Add(*database, "a", 1).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Add(*database, "a", 2)));
  const absl::Status wrong = database->Transact([](SqlTransaction& transaction) {
    return transaction.Execute("SELECT nonsense", {}).status();
  });
  EXPECT_TRUE(absl::IsInternal(wrong)) << wrong;
  EXPECT_THAT(Models(*database), ::testing::ElementsAre("a")) << "usable after errors";
}

TEST_F(DatabaseTest, TwoProcessesThatOpenANewFileAtOnceBothGetIt) {
  for (int round = 0; round < 30; ++round) {
    const auto file = folder_.path() / std::to_string(round);
    std::array<pid_t, 2> openers{};
    for (pid_t& opener : openers) {
      opener = ::fork();
      if (opener == 0) ::_exit(Database::Open(file).ok() ? 0 : 1);
    }
    for (const pid_t opener : openers) {
      int status = 0;
      ::waitpid(opener, &status, 0);
      EXPECT_EQ(status, 0) << "in round " << round;
    }
  }
}

TEST_F(DatabaseTest, AKilledWriterLeavesWholeTransactions) {
  // The child commits pairs until it is killed; a pair is both or neither. It tells when it has
  // some: to ask the database meanwhile would be to compete with it for the lock.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto database = Database::Open(File());
    if (!database.ok()) ::_exit(1);
    for (std::int64_t i = 0;; ++i) {
      (void)(*database)->Transact([&](SqlTransaction& transaction) -> absl::Status {
        GUICHET_RETURN_IF_ERROR(transaction.Execute(kAdd, {"a" + std::to_string(i), i}).status());
        return transaction.Execute(kAdd, {"b" + std::to_string(i), i}).status();
      });
      if (i >= 10 && ::write(ends[1], "x", 1) != 1) ::_exit(2);
    }
  }
  ::close(ends[1]);
  char told = 0;
  EXPECT_EQ(::read(ends[0], &told, 1), 1) << "the writer ended by itself";
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ends[0]);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  const auto after = Database::Open(File());
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GE(Models(**after).size(), 20U);
  EXPECT_EQ(Models(**after).size() % 2, 0U);
}

TEST_F(DatabaseTest, ADamagedFileIsRefusedWithTheRemedy) {
  std::ofstream(File()) << std::string(5000, 'x');
  const auto database = Database::Open(File());
  EXPECT_TRUE(absl::IsDataLoss(database.status())) << database.status();
  EXPECT_THAT(std::string(database.status().message()), HasSubstr("backup"));
}

TEST_F(DatabaseTest, AFileOfANewerGuichetIsRefused) {
  {
    const auto database = Database::Open(File()).value();
  }
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(File().c_str(), &connection), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection, "PRAGMA user_version=999", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(connection);
  const auto database = Database::Open(File());
  EXPECT_TRUE(absl::IsFailedPrecondition(database.status())) << database.status();
  EXPECT_THAT(std::string(database.status().message()), HasSubstr("999"));
}

TEST_F(DatabaseTest, AFileOfTheFirstVersionKeepsItsHoldout) {
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(File().c_str(), &connection), SQLITE_OK);
  for (const char* script : {SchemaSteps()[0], "INSERT INTO holdout VALUES ('tickets', 1, 2)",
                             "PRAGMA user_version=1"}) {
    ASSERT_EQ(sqlite3_exec(connection, script, nullptr, nullptr, nullptr), SQLITE_OK) << script;
  }
  sqlite3_close(connection);
  const auto database = Database::Open(File());
  ASSERT_TRUE(database.ok()) << database.status();
  std::vector<HoldoutRow> rows;
  const absl::Status read = (*database)->Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(rows, ReadHoldout(transaction, "tickets"));
    return absl::OkStatus();
  });
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_THAT(rows, ::testing::ElementsAre(HoldoutRow{.high = 1, .low = 2, .sketch = ""}));
}

TEST_F(DatabaseTest, EveryTransactionReachesTheDisk) {
  const auto database = Database::Open(File()).value();
  std::string journal;
  std::int64_t synchronous = 0;
  ASSERT_TRUE(
      database
          ->Transact([&](SqlTransaction& transaction) -> absl::Status {
            GUICHET_RETURN_IF_ERROR(transaction.Query(
                "PRAGMA journal_mode", {}, [&](const SqlRow& row) { journal = row.Text(0); }));
            return transaction.Query("PRAGMA synchronous", {},
                                     [&](const SqlRow& row) { synchronous = row.Integer(0); });
          })
          .ok());
  EXPECT_EQ(journal, "wal");
  EXPECT_EQ(synchronous, 2);  // FULL
}

}  // namespace
}  // namespace guichet
