#include "server/store/feedback_table.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "base/status_macros.h"
#include "server/store/prediction_table.h"
#include "server/store/schema.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class FeedbackTableTest : public ::testing::Test {
 protected:
  absl::Status Say(const std::string& ticket, const std::string& id, const std::string& label,
                   const std::string& body = "", const std::string& predicted = "Réseau") {
    FeedbackRecord record{.model = "tickets",
                          .ticket_id = ticket,
                          .feedback_id = id,
                          .request_sha256 = id + label,
                          .version = 1,
                          .predicted = predicted,
                          .label = label,
                          .outcome = "corrected",
                          .subject = "",
                          .body = body,
                          .time = ++time_,
                          .actor = "test"};
    return database_->Transact(
        [&](SqlTransaction& transaction) { return InsertFeedback(transaction, record); });
  }
  std::vector<std::pair<std::string, std::string>> Taught(std::int64_t until = INT64_MAX) {
    std::vector<std::pair<std::string, std::string>> taught;
    const absl::Status status = database_->Transact([&](SqlTransaction& transaction) {
      return ReadTaughtTickets(transaction, "tickets", until, [&](const TaughtTicket& ticket) {
        taught.emplace_back(ticket.body, ticket.label);
      });
    });
    EXPECT_TRUE(status.ok()) << status;
    return taught;
  }
  template <typename T>
  T Ask(const std::function<absl::StatusOr<T>(SqlTransaction&)>& read) {
    T value{};
    const absl::Status status = database_->Transact([&](SqlTransaction& t) -> absl::Status {
      GUICHET_ASSIGN_OR_RETURN(value, read(t));
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return value;
  }
  FeedbackScore Score(std::int64_t since) {
    return Ask<FeedbackScore>([&](SqlTransaction& transaction) {
      return ScoreVersion(transaction, "tickets", 1, since);
    });
  }

  const std::unique_ptr<Database> database_ = Database::Open({}).value();
  std::int64_t time_ = 0;
};

TEST_F(FeedbackTableTest, TheLastWordOnATicketCountsAndTheHistoryStays) {
  ASSERT_TRUE(Say("1", "a", "Matériel", "écran noir").ok());
  ASSERT_TRUE(Say("2", "a", "Réseau", "vpn").ok());
  ASSERT_TRUE(Say("1", "b", "Logiciel").ok());
  EXPECT_THAT(Taught(), ElementsAre(Pair("vpn", "Réseau"), Pair("écran noir", "Logiciel")));
  EXPECT_THAT(Taught(2), ElementsAre(Pair("écran noir", "Matériel"), Pair("vpn", "Réseau")))
      << "as it was at the second row";
  EXPECT_EQ(Ask<std::int64_t>(CountFeedback), 3);
  const auto first = Ask<std::optional<FeedbackRecord>>(
      [](SqlTransaction& transaction) { return FindFeedback(transaction, "tickets", "1", "a"); });
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->label, "Matériel");
  EXPECT_EQ(first->actor, "test");
}

TEST_F(FeedbackTableTest, OneFeedbackIdIsOneRowOfATicket) {
  ASSERT_TRUE(Say("1", "a", "Matériel").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Say("1", "a", "Réseau")));
  EXPECT_TRUE(Say("2", "a", "Réseau").ok());
}

TEST_F(FeedbackTableTest, WithoutATextATicketTeachesNothing) {
  ASSERT_TRUE(Say("1", "a", "Matériel").ok());
  EXPECT_THAT(Taught(), IsEmpty());
}

TEST_F(FeedbackTableTest, ScoresTheLastWordsWhosePredictionIsKnown) {
  ASSERT_TRUE(Say("old", "a", "Réseau").ok());
  const std::int64_t since = time_ + 1;
  ASSERT_TRUE(Say("right", "a", "Réseau").ok());
  ASSERT_TRUE(Say("wrong", "a", "Réseau").ok());
  ASSERT_TRUE(Say("wrong", "b", "Matériel").ok());
  ASSERT_TRUE(Say("unknown", "a", "Matériel", "", "").ok());
  EXPECT_EQ(Score(since).judged, 2);
  EXPECT_EQ(Score(since).right, 1);
  EXPECT_EQ(Score(0).judged, 3);
}

TEST_F(FeedbackTableTest, SupersededRowsMakeRoomAndLeaveTheirText) {
  ASSERT_TRUE(Say("1", "a", "Matériel", "écran noir").ok());
  ASSERT_TRUE(Say("1", "b", "Réseau", "écran toujours noir").ok());
  ASSERT_TRUE(Say("1", "c", "Logiciel").ok());
  ASSERT_TRUE(Say("2", "a", "Logiciel", "word").ok());
  EXPECT_EQ(Ask<std::int64_t>([](SqlTransaction& transaction) {
              return DropSupersededFeedback(transaction, 10);
            }),
            2);
  EXPECT_EQ(Ask<std::int64_t>(CountFeedback), 2);
  EXPECT_THAT(Taught(),
              ElementsAre(Pair("écran toujours noir", "Logiciel"), Pair("word", "Logiciel")));
  EXPECT_EQ(Ask<std::int64_t>([](SqlTransaction& transaction) {
              return DropSupersededFeedback(transaction, 10);
            }),
            0)
      << "last words are never dropped";
}

class PredictionTableTest : public FeedbackTableTest {
 protected:
  void Predict(const std::vector<std::string>& tickets, std::int64_t keep = 100) {
    std::vector<PredictionRecord> records;
    for (const std::string& ticket : tickets) {
      records.push_back({.model = "tickets",
                         .ticket_id = ticket,
                         .version = 1,
                         .predicted = "Réseau",
                         .runner_up = "Matériel",
                         .margin = 0.25,
                         .time = ++time_,
                         .subject = {},
                         .body = {}});
    }
    const absl::Status status = database_->Transact(
        [&](SqlTransaction& transaction) { return InsertPredictions(transaction, records, keep); });
    ASSERT_TRUE(status.ok()) << status;
  }
  std::vector<std::string> Uncorrected() {
    std::vector<std::string> tickets;
    const auto keys = Ask<std::vector<PredictionKey>>(
        [](SqlTransaction& transaction) { return ListUncorrected(transaction, "tickets"); });
    for (const PredictionKey& key : keys) {
      const auto record = Ask<std::optional<PredictionRecord>>(
          [&](SqlTransaction& transaction) { return ReadPrediction(transaction, key.number); });
      EXPECT_DOUBLE_EQ(key.margin, 0.25);
      tickets.push_back(record.value().ticket_id);
    }
    return tickets;
  }
};

TEST_F(PredictionTableTest, ATicketHasOneRowItsLast) {
  Predict({"1", "2", "1"});
  EXPECT_THAT(Uncorrected(), ElementsAre("2", "1"));
}

TEST_F(PredictionTableTest, TheOldestMakeRoom) {
  Predict({"1", "2", "3"}, 2);
  EXPECT_THAT(Uncorrected(), ElementsAre("2", "3"));
  Predict({"4"}, 2);
  EXPECT_THAT(Uncorrected(), ElementsAre("3", "4"));
}

TEST_F(PredictionTableTest, CorrectedTicketsAreLeftOut) {
  Predict({"1", "2"});
  ASSERT_TRUE(Say("1", "a", "Matériel").ok());
  Predict({"1"});
  EXPECT_THAT(Uncorrected(), ElementsAre("2"));
}

TEST(SchemaTest, ADatabaseOfTheFirstVersionKeepsItsRowsAndGetsTheNewTables) {
  const TempFolder folder;
  const std::filesystem::path file = folder.path() / "guichet.db";
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection, SchemaSteps()[0], nullptr, nullptr, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection,
                         "PRAGMA user_version=1; INSERT INTO version_numbers VALUES ('tickets', 4)",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(connection);
  const auto database = Database::Open(file);
  ASSERT_TRUE(database.ok()) << database.status();
  std::int64_t last = 0;
  std::int64_t rows = -1;
  const absl::Status read = (*database)->Transact([&](SqlTransaction& t) -> absl::Status {
    GUICHET_RETURN_IF_ERROR(t.Query("SELECT last FROM version_numbers", {},
                                    [&](const SqlRow& row) { last = row.Integer(0); }));
    GUICHET_ASSIGN_OR_RETURN(rows, CountFeedback(t));
    return absl::OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(last, 4);
  EXPECT_EQ(rows, 0);
}

}  // namespace
}  // namespace guichet
