#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "server/store/database.h"

namespace guichet {

// Something that was done to jobs or models, and by whom.
struct AuditEntry {
  std::string actor;         // the caller's address, "job:ID" or "configuration"
  std::string action;        // e.g. "promote"
  std::string subject;       // e.g. "tickets/4"
  std::string details = {};  // words; may be empty
};

// An entry as it stands in the table.
struct AuditRow {
  std::int64_t number = 0;  // from 1, without gaps
  std::int64_t time = 0;    // ToMicros
  AuditEntry entry;
  std::string sha256 = {};
};

// Appends to the audit table. Each row holds the SHA-256 of its contents and of the row before, so
// that a row that was changed or taken out shows. Part of the caller's transaction: what is not
// audited has not happened.
absl::Status AppendAudit(SqlTransaction& transaction, WallTime now, const AuditEntry& entry);

// DATA_LOSS names the first row that is not as it was written, or is missing before another one.
absl::Status VerifyAudit(SqlTransaction& transaction);

// The newest rows with a number below `before`, newest first.
absl::StatusOr<std::vector<AuditRow>> ListAudit(SqlTransaction& transaction, std::int64_t before,
                                                std::int64_t most);

}  // namespace guichet
