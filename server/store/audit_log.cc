#include "server/store/audit_log.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/sha256.h"
#include "base/status_macros.h"
#include "server/store/times.h"

namespace guichet {
namespace {

constexpr const char* kColumns = "number, time, actor, action, subject, details, sha256";

AuditRow ReadRow(const SqlRow& row) {
  return {.number = row.Integer(0),
          .time = row.Integer(1),
          .entry = {.actor = row.Text(2),
                    .action = row.Text(3),
                    .subject = row.Text(4),
                    .details = row.Text(5)},
          .sha256 = row.Text(6)};
}

// Lengths before the texts: no two rows have the same bytes.
std::string HashOf(const AuditRow& row, const std::string& previous) {
  Sha256 hash;
  hash.Update(fmt::format("{}|{}|{}|", previous, row.number, row.time));
  for (const std::string* field :
       {&row.entry.actor, &row.entry.action, &row.entry.subject, &row.entry.details}) {
    hash.Update(fmt::format("{}:", field->size()));
    hash.Update(*field);
  }
  return hash.HexDigest();
}

}  // namespace

absl::Status AppendAudit(SqlTransaction& transaction, WallTime now, const AuditEntry& entry) {
  AuditRow row{.number = 1, .time = ToMicros(now), .entry = entry};
  std::string previous;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      "SELECT number, sha256 FROM audit ORDER BY number DESC LIMIT 1", {}, [&](const SqlRow& last) {
        row.number = last.Integer(0) + 1;
        previous = last.Text(1);
      }));
  return transaction
      .Execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
               {row.number, row.time, entry.actor, entry.action, entry.subject, entry.details,
                HashOf(row, previous)})
      .status();
}

absl::Status VerifyAudit(SqlTransaction& transaction) {
  std::string previous;
  std::int64_t expected = 1;
  std::int64_t broken = 0;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      fmt::format("SELECT {} FROM audit ORDER BY number", kColumns), {}, [&](const SqlRow& row) {
        if (broken != 0) return;
        const AuditRow read = ReadRow(row);
        if (read.number != expected || read.sha256 != HashOf(read, previous)) broken = expected;
        previous = read.sha256;
        ++expected;
      }));
  if (broken == 0) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("audit row {} is missing or not as it was written", broken));
}

absl::StatusOr<std::vector<AuditRow>> ListAudit(SqlTransaction& transaction, std::int64_t before,
                                                std::int64_t most) {
  std::vector<AuditRow> rows;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      fmt::format("SELECT {} FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?", kColumns),
      {before, most}, [&](const SqlRow& row) { rows.push_back(ReadRow(row)); }));
  return rows;
}

}  // namespace guichet
