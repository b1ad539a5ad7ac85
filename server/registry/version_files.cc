// VersionControl's dealings with versions as files: published, pinned, deleted.

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "server/registry/version_control.h"
#include "server/store/audit_log.h"
#include "server/store/job_table.h"
#include "server/store/times.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFromJob = "job";

absl::Status Refusal(std::int64_t version, const std::string& why, std::string_view remedy) {
  return absl::FailedPreconditionError(fmt::format("version {} {}; {}", version, why, remedy));
}

// FAILED_PRECONDITION: something needs the version, and how to end that.
absl::Status CheckUnused(SqlTransaction& transaction, const VersionRecord& record,
                         const ServicePointer& pointer) {
  const std::int64_t version = record.version;
  if (version == pointer.version) {
    return Refusal(version, "is in service", "put another one in service first");
  }
  if (version == pointer.previous) {
    return Refusal(version, "is where Rollback goes", "promote another version first");
  }
  if (record.pinned) return Refusal(version, "is pinned", "unpin it first");
  GUICHET_ASSIGN_OR_RETURN(const auto jobs, ListUnendedJobs(transaction));
  for (const JobRecord& job : jobs) {
    if (job.state != JobState::kRunning || job.parent_version != version) continue;
    return Refusal(version, fmt::format("is what job {} judges its candidate against", job.id),
                   "wait for the job's end or cancel it");
  }
  return absl::OkStatus();
}

// Moves a folder, unless that was done before a crash.
absl::Status MoveOnce(const fs::path& from, const fs::path& to) {
  GUICHET_RETURN_IF_ERROR(MakeFoldersDurably(to.parent_path()));
  absl::Status moved = MoveDurably(from, to);
  if (moved.ok()) return moved;
  std::error_code error;
  if (fs::exists(from, error) || !fs::exists(to, error)) return moved;
  GUICHET_RETURN_IF_ERROR(SyncFolder(to.parent_path()));
  return SyncFolder(from.parent_path());
}

}  // namespace

absl::StatusOr<VersionRecord> VersionControl::Publish(
    const Candidate& candidate,
    const std::function<absl::Status(SqlTransaction&, const VersionRecord&)>& with_it) {
  const MutexLock changing(changing_);
  VersionRecord version;
  // Its number first: after a crash the same job finds the same one.
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const std::vector<VersionRecord> versions,
                             ListVersions(transaction, model_));
    for (const VersionRecord& known : versions) {
      if (known.job_id != candidate.job_id) continue;
      version = known;
      return absl::OkStatus();
    }
    version.model = model_;
    GUICHET_ASSIGN_OR_RETURN(version.version, TakeVersionNumber(transaction, model_));
    version.folder = (options_.folder / model_ / std::to_string(version.version)).string();
    version.owned = true;
    version.created = ToMicros(clock_.WallNow());
    version.origin = kFromJob;
    version.job_id = candidate.job_id;
    version.parent_version = candidate.parent_version;
    version.verdict = candidate.verdict;
    version.policy = candidate.policy;
    return InsertVersion(transaction, version);
  }));
  if (version.stored) return version;
  GUICHET_RETURN_IF_ERROR(MoveOnce(candidate.folder, version.folder));
  GUICHET_ASSIGN_OR_RETURN(version.manifest_sha256, BundleHash(version.folder));
  version.stored = true;
  GUICHET_RETURN_IF_ERROR(Record({.actor = "job:" + candidate.job_id,
                                  .action = "publish",
                                  .subject = SubjectOf(version.version),
                                  .details = "verdict " + candidate.verdict},
                                 [&](SqlTransaction& transaction) {
                                   absl::Status status = UpdateVersion(transaction, version);
                                   if (status.ok()) status = with_it(transaction, version);
                                   return status;
                                 }));
  return version;
}

void VersionControl::Discard(const std::string& job_id) {
  const MutexLock changing(changing_);
  VersionRecord dropped;
  const absl::Status status = database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const auto versions, ListVersions(transaction, model_));
    for (const VersionRecord& version : versions) {
      if (version.job_id == job_id && !version.stored) dropped = version;
    }
    if (dropped.version == 0) return absl::OkStatus();
    return RemoveVersion(transaction, model_, dropped.version);
  });
  if (!status.ok()) return Log(LogLevel::kError, "database", {{"error", status.ToString()}});
  std::error_code ignored;
  if (dropped.owned) fs::remove_all(dropped.folder, ignored);
}

absl::Status VersionControl::Pin(std::int64_t version, bool pinned, const std::string& actor) {
  const MutexLock changing(changing_);
  return Record({.actor = actor, .action = pinned ? "pin" : "unpin", .subject = SubjectOf(version)},
                [&](SqlTransaction& transaction) -> absl::Status {
                  GUICHET_ASSIGN_OR_RETURN(VersionRecord record, Find(transaction, version));
                  record.pinned = pinned;
                  return UpdateVersion(transaction, record);
                });
}

absl::Status VersionControl::Delete(std::int64_t version, const std::string& actor) {
  const MutexLock changing(changing_);
  return DeleteLocked(version, actor);
}

absl::Status VersionControl::DeleteLocked(std::int64_t version, const std::string& actor) {
  VersionRecord record;
  GUICHET_RETURN_IF_ERROR(Record(
      {.actor = actor, .action = "delete", .subject = SubjectOf(version)},
      [&](SqlTransaction& transaction) -> absl::Status {
        GUICHET_ASSIGN_OR_RETURN(record, Find(transaction, version));
        GUICHET_ASSIGN_OR_RETURN(const ServicePointer pointer, ReadPointer(transaction, model_));
        GUICHET_RETURN_IF_ERROR(CheckUnused(transaction, record, pointer));
        // The next start would take it for a new one and put it in service.
        if (record.folder == configured_folder_) {
          return Refusal(version, "is what model.path names", "change the configuration first");
        }
        return RemoveVersion(transaction, model_, version);
      }));
  if (IsLoaded(version)) GUICHET_RETURN_IF_ERROR(registry_.Retire(model_, version));
  if (!record.owned) return absl::OkStatus();
  std::error_code error;
  fs::remove_all(record.folder, error);
  if (error) {
    Log(LogLevel::kWarning, "a deleted version's files stay",
        {{"folder", record.folder}, {"error", error.message()}});
  }
  return absl::OkStatus();
}

void VersionControl::DeleteSurplus() {
  const MutexLock changing(changing_);
  const auto list = List();
  if (!list.ok()) return;
  std::size_t kept = 0;
  for (auto version = list->versions.rbegin(); version != list->versions.rend(); ++version) {
    if (version->origin != kFromJob || version->pinned ||
        version->version == list->pointer.version || version->version == list->pointer.previous) {
      continue;
    }
    if (++kept <= options_.keep_versions) continue;
    const absl::Status status = DeleteLocked(version->version, "retention");
    if (!status.ok()) Log(LogLevel::kWarning, "retention", {{"error", status.ToString()}});
  }
}

}  // namespace guichet
