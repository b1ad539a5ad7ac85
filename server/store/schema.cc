#include "server/store/schema.h"

#include <array>

namespace guichet {
namespace {

// Times are microseconds since 1970; structures nobody searches are JSON.
constexpr const char* kFirst = R"sql(
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  request_id TEXT NOT NULL UNIQUE,
  request_sha256 TEXT NOT NULL,
  model TEXT NOT NULL,
  state TEXT NOT NULL,
  policy TEXT NOT NULL,
  job TEXT NOT NULL,
  warnings TEXT NOT NULL,
  created INTEGER NOT NULL,
  started INTEGER NOT NULL DEFAULT 0,
  ended INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  cancel_asked INTEGER NOT NULL DEFAULT 0,
  parent_version INTEGER NOT NULL DEFAULT 0,
  error_code INTEGER NOT NULL DEFAULT 0,
  error_message TEXT NOT NULL DEFAULT '',
  verdict TEXT NOT NULL DEFAULT '',
  gate TEXT NOT NULL DEFAULT '',
  summary TEXT NOT NULL DEFAULT '',
  training_rows INTEGER NOT NULL DEFAULT 0,
  validation_rows INTEGER NOT NULL DEFAULT 0,
  holdout_rows INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0,
  promoted INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX jobs_by_state ON jobs (state, number);

CREATE TABLE versions (
  model TEXT NOT NULL,
  version INTEGER NOT NULL,
  folder TEXT NOT NULL,
  owned INTEGER NOT NULL,
  state TEXT NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  origin TEXT NOT NULL,
  job_id TEXT NOT NULL DEFAULT '',
  parent_version INTEGER NOT NULL DEFAULT 0,
  verdict TEXT NOT NULL DEFAULT '',
  policy TEXT NOT NULL DEFAULT '',
  manifest_sha256 TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (model, version)
);
CREATE UNIQUE INDEX versions_by_job ON versions (job_id) WHERE job_id <> '';

CREATE TABLE version_numbers (
  model TEXT PRIMARY KEY,
  last INTEGER NOT NULL
);

CREATE TABLE in_service (
  model TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  previous INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE holdout (
  model TEXT NOT NULL,
  high INTEGER NOT NULL,
  low INTEGER NOT NULL,
  PRIMARY KEY (model, high, low)
) WITHOUT ROWID;

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  details TEXT NOT NULL,
  sha256 TEXT NOT NULL
);
)sql";

// What finds a held-out text's near-duplicates, in hexadecimal; '': held out before it was kept.
constexpr const char* kHoldoutSketches = R"sql(
ALTER TABLE holdout ADD COLUMN sketch TEXT NOT NULL DEFAULT '';
)sql";

// What people say of answers. Rows are added, never changed but for `latest`, which is 1 for the
// last one of a ticket. And the recent uncertain predictions, one a ticket.
constexpr const char* kFeedback = R"sql(
CREATE TABLE feedback (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  feedback_id TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  version INTEGER NOT NULL,
  predicted TEXT NOT NULL,
  label TEXT NOT NULL,
  outcome TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  latest INTEGER NOT NULL DEFAULT 1,
  UNIQUE (model, ticket_id, feedback_id)
);
CREATE INDEX feedback_superseded ON feedback (number) WHERE latest = 0;
CREATE INDEX feedback_by_version ON feedback (model, version, time) WHERE latest = 1;

CREATE TABLE predictions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  predicted TEXT NOT NULL,
  runner_up TEXT NOT NULL,
  margin REAL NOT NULL,
  time INTEGER NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (model, ticket_id)
);
)sql";

constexpr std::array<const char*, 3> kSteps = {kFirst, kHoldoutSketches, kFeedback};

}  // namespace

std::span<const char* const> SchemaSteps() { return kSteps; }

}  // namespace guichet
