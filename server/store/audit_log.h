#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
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

// Appends to the audit table. Each row holds the SHA-256 of its contents and of the row before, so
// that a row that was changed or taken out shows. Part of the caller's transaction: what is not
// audited has not happened.
absl::Status AppendAudit(SqlTransaction& transaction, WallTime now, const AuditEntry& entry);

// DATA_LOSS names the first row that is not as it was written, or is missing before another one.
absl::Status VerifyAudit(SqlTransaction& transaction);

}  // namespace guichet
