#include "server/store/version_table.h"

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr const char* kColumns =
    "model, version, folder, owned, state, pinned, created, origin, job_id, parent_version, "
    "verdict, policy, manifest_sha256, failure";

VersionRecord ReadVersion(const SqlRow& row) {
  return {.model = row.Text(0),
          .version = row.Integer(1),
          .folder = row.Text(2),
          .owned = row.Integer(3) != 0,
          .stored = row.Text(4) == "STORED",
          .pinned = row.Integer(5) != 0,
          .created = row.Integer(6),
          .origin = row.Text(7),
          .job_id = row.Text(8),
          .parent_version = row.Integer(9),
          .verdict = row.Text(10),
          .policy = row.Text(11),
          .manifest_sha256 = row.Text(12),
          .failure = row.Text(13)};
}

std::string StateOf(const VersionRecord& version) {
  return version.stored ? "STORED" : "PUBLISHING";
}

std::int64_t Flag(bool flag) { return flag ? 1 : 0; }

absl::Status NoSuchVersion(const std::string& model, std::int64_t version) {
  return absl::NotFoundError(fmt::format("no version {} of model \"{}\"", version, model));
}

}  // namespace

absl::StatusOr<std::int64_t> TakeVersionNumber(SqlTransaction& transaction,
                                               const std::string& model) {
  std::int64_t number = 0;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      "INSERT INTO version_numbers VALUES (?, 1) ON CONFLICT (model) DO UPDATE SET last = last + 1 "
      "RETURNING last",
      {model}, [&](const SqlRow& row) { number = row.Integer(0); }));
  return number;
}

absl::Status InsertVersion(SqlTransaction& transaction, const VersionRecord& version) {
  return transaction
      .Execute(fmt::format("INSERT INTO versions ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                           "?, ?)",
                           kColumns),
               {version.model, version.version, version.folder, Flag(version.owned),
                StateOf(version), Flag(version.pinned), version.created, version.origin,
                version.job_id, version.parent_version, version.verdict, version.policy,
                version.manifest_sha256, version.failure})
      .status();
}

absl::Status UpdateVersion(SqlTransaction& transaction, const VersionRecord& version) {
  GUICHET_ASSIGN_OR_RETURN(
      const std::int64_t changed,
      transaction.Execute(
          "UPDATE versions SET folder = ?, state = ?, pinned = ?, verdict = ?, "
          "manifest_sha256 = ?, failure = ? WHERE model = ? AND version = ?",
          {version.folder, StateOf(version), Flag(version.pinned), version.verdict,
           version.manifest_sha256, version.failure, version.model, version.version}));
  return changed == 1 ? absl::OkStatus() : NoSuchVersion(version.model, version.version);
}

absl::Status RemoveVersion(SqlTransaction& transaction, const std::string& model,
                           std::int64_t version) {
  GUICHET_ASSIGN_OR_RETURN(
      const std::int64_t changed,
      transaction.Execute("DELETE FROM versions WHERE model = ? AND version = ?",
                          {model, version}));
  return changed == 1 ? absl::OkStatus() : NoSuchVersion(model, version);
}

absl::StatusOr<std::vector<VersionRecord>> ListVersions(SqlTransaction& transaction,
                                                        const std::string& model) {
  std::vector<VersionRecord> versions;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      fmt::format("SELECT {} FROM versions WHERE model = ? ORDER BY version", kColumns), {model},
      [&](const SqlRow& row) { versions.push_back(ReadVersion(row)); }));
  return versions;
}

absl::StatusOr<std::optional<VersionRecord>> FindVersion(SqlTransaction& transaction,
                                                         const std::string& model,
                                                         std::int64_t version) {
  std::optional<VersionRecord> found;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      fmt::format("SELECT {} FROM versions WHERE model = ? AND version = ?", kColumns),
      {model, version}, [&](const SqlRow& row) { found = ReadVersion(row); }));
  return found;
}

absl::StatusOr<ServicePointer> ReadPointer(SqlTransaction& transaction, const std::string& model) {
  ServicePointer pointer;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      "SELECT version, previous FROM in_service WHERE model = ?", {model}, [&](const SqlRow& row) {
        pointer = {.version = row.Integer(0), .previous = row.Integer(1)};
      }));
  return pointer;
}

absl::Status MovePointer(SqlTransaction& transaction, const std::string& model,
                         const ServicePointer& expected, const ServicePointer& next) {
  GUICHET_ASSIGN_OR_RETURN(const ServicePointer current, ReadPointer(transaction, model));
  if (current.version != expected.version || current.previous != expected.previous) {
    return absl::AbortedError(
        fmt::format("version {} of model \"{}\" is in service, not {}; look again", current.version,
                    model, expected.version));
  }
  return transaction
      .Execute(
          "INSERT INTO in_service VALUES (?, ?, ?) ON CONFLICT (model) DO UPDATE SET "
          "version = excluded.version, previous = excluded.previous",
          {model, next.version, next.previous})
      .status();
}

absl::Status AddHoldout(SqlTransaction& transaction, const std::string& model,
                        const std::vector<HoldoutRow>& rows) {
  for (const HoldoutRow& row : rows) {
    GUICHET_RETURN_IF_ERROR(
        transaction
            .Execute("INSERT INTO holdout (model, high, low, sketch) VALUES (?, ?, ?, ?) "
                     "ON CONFLICT DO UPDATE SET sketch = excluded.sketch WHERE sketch = ''",
                     {model, static_cast<std::int64_t>(row.high),
                      static_cast<std::int64_t>(row.low), row.sketch})
            .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<HoldoutRow>> ReadHoldout(SqlTransaction& transaction,
                                                    const std::string& model) {
  std::vector<HoldoutRow> rows;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      "SELECT high, low, sketch FROM holdout WHERE model = ?", {model}, [&](const SqlRow& row) {
        rows.push_back({.high = static_cast<std::uint64_t>(row.Integer(0)),
                        .low = static_cast<std::uint64_t>(row.Integer(1)),
                        .sketch = row.Text(2)});
      }));
  return rows;
}

}  // namespace guichet
