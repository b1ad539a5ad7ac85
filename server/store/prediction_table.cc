#include "server/store/prediction_table.h"

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr const char* kColumns =
    "number, model, ticket_id, version, predicted, runner_up, margin, time, subject, body";

absl::StatusOr<std::optional<PredictionRecord>> FindOne(SqlTransaction& transaction,
                                                        const char* condition,
                                                        const std::vector<SqlValue>& values) {
  std::optional<PredictionRecord> found;
  GUICHET_RETURN_IF_ERROR(
      transaction.Query(fmt::format("SELECT {} FROM predictions WHERE {}", kColumns, condition),
                        values, [&](const SqlRow& row) {
                          found = PredictionRecord{.number = row.Integer(0),
                                                   .model = row.Text(1),
                                                   .ticket_id = row.Text(2),
                                                   .version = row.Integer(3),
                                                   .predicted = row.Text(4),
                                                   .runner_up = row.Text(5),
                                                   .margin = row.Real(6),
                                                   .time = row.Integer(7),
                                                   .subject = row.Text(8),
                                                   .body = row.Text(9)};
                        }));
  return found;
}

}  // namespace

absl::Status InsertPredictions(SqlTransaction& transaction,
                               const std::vector<PredictionRecord>& records, std::int64_t keep) {
  for (const PredictionRecord& record : records) {
    // REPLACE: the ticket's row before goes, and the new one is the newest.
    GUICHET_RETURN_IF_ERROR(
        transaction
            .Execute("INSERT OR REPLACE INTO predictions (model, ticket_id, version, predicted, "
                     "runner_up, margin, time, subject, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     {record.model, record.ticket_id, record.version, record.predicted,
                      record.runner_up, record.margin, record.time, record.subject, record.body})
            .status());
  }
  return transaction
      .Execute("DELETE FROM predictions WHERE number <= (SELECT MAX(number) FROM predictions) - ?",
               {keep})
      .status();
}

absl::StatusOr<std::optional<PredictionRecord>> FindPrediction(SqlTransaction& transaction,
                                                               const std::string& model,
                                                               const std::string& ticket_id) {
  return FindOne(transaction, "model = ? AND ticket_id = ?", {model, ticket_id});
}

absl::StatusOr<std::optional<PredictionRecord>> ReadPrediction(SqlTransaction& transaction,
                                                               std::int64_t number) {
  return FindOne(transaction, "number = ?", {number});
}

absl::StatusOr<std::vector<PredictionKey>> ListUncorrected(SqlTransaction& transaction,
                                                           const std::string& model) {
  std::vector<PredictionKey> keys;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      "SELECT number, version, predicted, margin FROM predictions p WHERE model = ? "
      "AND NOT EXISTS (SELECT 1 FROM feedback f WHERE f.model = p.model "
      "AND f.ticket_id = p.ticket_id) ORDER BY number",
      {model}, [&](const SqlRow& row) {
        keys.push_back({.number = row.Integer(0),
                        .version = row.Integer(1),
                        .predicted = row.Text(2),
                        .margin = row.Real(3)});
      }));
  return keys;
}

}  // namespace guichet
