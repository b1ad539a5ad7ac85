#include "server/store/feedback_table.h"

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr const char* kColumns =
    "number, model, ticket_id, feedback_id, request_sha256, version, predicted, label, outcome, "
    "subject, body, time, actor";

FeedbackRecord ReadFeedback(const SqlRow& row) {
  return {.number = row.Integer(0),
          .model = row.Text(1),
          .ticket_id = row.Text(2),
          .feedback_id = row.Text(3),
          .request_sha256 = row.Text(4),
          .version = row.Integer(5),
          .predicted = row.Text(6),
          .label = row.Text(7),
          .outcome = row.Text(8),
          .subject = row.Text(9),
          .body = row.Text(10),
          .time = row.Integer(11),
          .actor = row.Text(12)};
}

absl::StatusOr<std::int64_t> ReadNumber(SqlTransaction& transaction, const char* sql) {
  std::int64_t number = 0;
  GUICHET_RETURN_IF_ERROR(
      transaction.Query(sql, {}, [&](const SqlRow& row) { number = row.Integer(0); }));
  return number;
}

}  // namespace

absl::Status InsertFeedback(SqlTransaction& transaction, FeedbackRecord& record) {
  GUICHET_RETURN_IF_ERROR(
      transaction
          .Execute(
              "UPDATE feedback SET latest = 0 WHERE model = ? AND ticket_id = ? AND latest = 1",
              {record.model, record.ticket_id})
          .status());
  GUICHET_RETURN_IF_ERROR(
      transaction
          .Execute("INSERT INTO feedback (model, ticket_id, feedback_id, request_sha256, version, "
                   "predicted, label, outcome, subject, body, time, actor) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   {record.model, record.ticket_id, record.feedback_id, record.request_sha256,
                    record.version, record.predicted, record.label, record.outcome, record.subject,
                    record.body, record.time, record.actor})
          .status());
  record.number = transaction.last_row_id();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<FeedbackRecord>> FindFeedback(SqlTransaction& transaction,
                                                           const std::string& model,
                                                           const std::string& ticket_id,
                                                           const std::string& feedback_id) {
  std::optional<FeedbackRecord> found;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      fmt::format("SELECT {} FROM feedback WHERE model = ? AND ticket_id = ? AND feedback_id = ?",
                  kColumns),
      {model, ticket_id, feedback_id}, [&](const SqlRow& row) { found = ReadFeedback(row); }));
  return found;
}

absl::StatusOr<std::int64_t> CountFeedback(SqlTransaction& transaction) {
  return ReadNumber(transaction, "SELECT COUNT(*) FROM feedback");
}

absl::StatusOr<std::int64_t> DropSupersededFeedback(SqlTransaction& transaction,
                                                    std::int64_t most) {
  // Each row's text goes to the next row of its ticket when that has none.
  GUICHET_RETURN_IF_ERROR(
      transaction
          .Execute("WITH gone AS (SELECT number, model, ticket_id, subject, body FROM feedback "
                   "WHERE latest = 0 ORDER BY number LIMIT ?) "
                   "UPDATE feedback SET subject = gone.subject, body = gone.body FROM gone "
                   "WHERE feedback.model = gone.model AND feedback.ticket_id = gone.ticket_id "
                   "AND feedback.subject = '' AND feedback.body = '' AND feedback.latest = 1 "
                   "AND (gone.subject <> '' OR gone.body <> '') "
                   "AND gone.number = (SELECT MAX(t.number) FROM feedback t "
                   "WHERE t.model = gone.model AND t.ticket_id = gone.ticket_id "
                   "AND (t.subject <> '' OR t.body <> ''))",
                   {most})
          .status());
  return transaction.Execute(
      "DELETE FROM feedback WHERE number IN "
      "(SELECT number FROM feedback WHERE latest = 0 ORDER BY number LIMIT ?)",
      {most});
}

absl::StatusOr<std::int64_t> LastFeedbackNumber(SqlTransaction& transaction) {
  return ReadNumber(transaction, "SELECT COALESCE(MAX(number), 0) FROM feedback");
}

absl::Status ReadTaughtTickets(SqlTransaction& transaction, const std::string& model,
                               std::int64_t until,
                               const std::function<void(const TaughtTicket&)>& take) {
  return transaction.Query(
      "WITH ends AS (SELECT ticket_id, MAX(number) AS last, "
      "MAX(CASE WHEN subject <> '' OR body <> '' THEN number END) AS with_text "
      "FROM feedback WHERE model = ? AND number <= ? GROUP BY ticket_id) "
      "SELECT ends.ticket_id, texts.subject, texts.body, labels.label FROM ends "
      "JOIN feedback texts ON texts.number = ends.with_text "
      "JOIN feedback labels ON labels.number = ends.last ORDER BY ends.last",
      {model, until}, [&](const SqlRow& row) {
        take({.ticket_id = row.Text(0),
              .subject = row.Text(1),
              .body = row.Text(2),
              .label = row.Text(3)});
      });
}

absl::StatusOr<FeedbackScore> ScoreVersion(SqlTransaction& transaction, const std::string& model,
                                           std::int64_t version, std::int64_t since) {
  FeedbackScore score;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      "SELECT COALESCE(SUM(predicted = label), 0), COUNT(*) FROM feedback "
      "WHERE model = ? AND version = ? AND latest = 1 AND time >= ? AND predicted <> ''",
      {model, version, since},
      [&](const SqlRow& row) { score = {.right = row.Integer(0), .judged = row.Integer(1)}; }));
  return score;
}

}  // namespace guichet
