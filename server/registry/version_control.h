#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/free_memory.h"
#include "base/mutex.h"
#include "server/registry/model_registry.h"
#include "server/store/audit_log.h"
#include "server/store/database.h"
#include "server/store/version_table.h"

namespace guichet {

// The versions of a model as they are now.
struct VersionList {
  std::vector<VersionRecord> versions;  // rising; those whose files are in place
  ServicePointer pointer;
};

// A candidate that a job left.
struct Candidate {
  std::filesystem::path folder;  // of the bundle; moved to its place among the versions
  std::string job_id;
  std::int64_t parent_version = 0;
  std::string verdict = {};
  std::string policy = {};
};

struct PromoteOptions {
  std::int64_t expected = 0;  // version in service; 0: whichever
  bool force = false;         // also what the gate rejected or whose job said NEVER
};

struct VersionControlOptions {
  std::filesystem::path folder;    // where versions of jobs are kept; empty: there are none
  std::size_t keep_versions = 10;  // of jobs
  // Bytes of memory that are free; nothing when that is not known.
  std::function<std::optional<std::int64_t>()> free_memory = [] { return FreeMemory(); };
};

// What a bundle is: the hash of its manifest. Errors of ReadBundleManifestText.
absl::StatusOr<std::string> BundleHash(const std::filesystem::path& bundle);

// Which versions of the one served model exist, on disk and in the database, and which is in
// service. The pointer in the database moves first, by compare-and-swap, then the one in memory; a
// crash between the two ends in the same place. The version in service stays loaded, and so
// does the one before it while as much memory is free as a next version would take. Thread-safe;
// changes are made one at a time and block on the disk and the device.
class VersionControl {
 public:
  // All outlive it.
  VersionControl(Database& database, ModelRegistry& registry, VersionControlOptions options,
                 const Clock& clock);

  // Loads the version in service. A bundle at `configured` that no version has yet becomes the
  // newest one and is put in service. When the version in service cannot be loaded the one before
  // it is, then any other, newest first. `name` empty: the bundle's own.
  absl::Status Start(const std::filesystem::path& configured, const std::string& name);
  // Loads the version before the one in service, so that a rollback is a matter of milliseconds.
  void LoadPrevious();

  // Makes a version of a candidate. Called again after a crash for the same job it goes on.
  // `with_it` writes into the transaction that makes the version one.
  absl::StatusOr<VersionRecord> Publish(
      const Candidate& candidate,
      const std::function<absl::Status(SqlTransaction&, const VersionRecord&)>& with_it);

  // Drops what a publication that did not come to its end has left. Nothing for a version that is
  // one.
  void Discard(const std::string& job_id);

  // INVALID_ARGUMENT or NOT_FOUND: no such version; ABORTED: another one than expected is in
  // service; FAILED_PRECONDITION: it may not be promoted without force; INTERNAL: it cannot be
  // loaded, and what is in service stays.
  absl::Status Promote(std::int64_t version, const PromoteOptions& options,
                       const std::string& actor);
  // Exchanges the version in service and the one before it. FAILED_PRECONDITION: there is none.
  absl::Status Rollback(std::int64_t expected, const std::string& actor);
  absl::Status Pin(std::int64_t version, bool pinned, const std::string& actor);
  // FAILED_PRECONDITION: it is in service, before it, pinned, or named by the configuration.
  absl::Status Delete(std::int64_t version, const std::string& actor);
  // Deletes the oldest versions of jobs beyond those to keep.
  void DeleteSurplus();

  absl::StatusOr<VersionList> List() const;
  // NOT_FOUND: not this server's model.
  absl::Status CheckModel(const std::string& model) const;
  const std::string& model() const { return model_; }
  // In memory, in service or not. Any thread.
  bool IsLoaded(std::int64_t version) const;

 private:
  absl::StatusOr<VersionRecord> Find(SqlTransaction& transaction, std::int64_t version) const;
  absl::Status Register(const std::filesystem::path& configured) GUICHET_REQUIRES(changing_);
  absl::Status LoadAny() GUICHET_REQUIRES(changing_);
  absl::Status EnsureLoaded(const VersionRecord& version) GUICHET_REQUIRES(changing_);
  absl::Status SwapTo(const VersionRecord& version, const ServicePointer& current,
                      const AuditEntry& entry) GUICHET_REQUIRES(changing_);
  bool HasRoomFor(const VersionRecord& version) const;
  // Of the loaded versions, all but these two; 0: none.
  void RetireOthers(std::int64_t keep, std::int64_t keep_too) GUICHET_REQUIRES(changing_);
  absl::Status DeleteLocked(std::int64_t version, const std::string& actor)
      GUICHET_REQUIRES(changing_);
  std::string SubjectOf(std::int64_t version) const;  // for the audit
  absl::Status Record(const AuditEntry& entry,
                      const std::function<absl::Status(SqlTransaction&)>& change) const;

  Database& database_;
  ModelRegistry& registry_;
  const VersionControlOptions options_;
  const Clock& clock_;
  std::string model_;              // set by Start
  std::string configured_folder_;  // set by Start

  Mutex changing_;  // one change at a time
};

}  // namespace guichet
