#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"

namespace guichet {

// A row of the table `versions`: a bundle that was published and never changes.
struct VersionRecord {
  std::string model;
  std::int64_t version = 0;
  std::string folder;  // of the bundle
  bool owned = false;  // the folder is the service's own, to be deleted with the version
  // Its files are in place. Until then only its number is taken.
  bool stored = false;
  bool pinned = false;
  std::int64_t created = 0;  // ToMicros
  std::string origin;        // "configuration" or "job"
  std::string job_id;
  std::int64_t parent_version = 0;
  std::string verdict;
  std::string policy;  // of the job
  std::string manifest_sha256;
  std::string failure;  // of the last load
};

// Which version answers, and which did before. 0: none.
struct ServicePointer {
  std::int64_t version = 0;
  std::int64_t previous = 0;
};

// The next number of a model. Numbers are given once, also when their versions are deleted.
absl::StatusOr<std::int64_t> TakeVersionNumber(SqlTransaction& transaction,
                                               const std::string& model);

// ALREADY_EXISTS: the number, or a version of the same job, is there.
absl::Status InsertVersion(SqlTransaction& transaction, const VersionRecord& version);
// Writes folder, stored, pinned, verdict, manifest_sha256 and failure. NOT_FOUND: no such version.
absl::Status UpdateVersion(SqlTransaction& transaction, const VersionRecord& version);
absl::Status RemoveVersion(SqlTransaction& transaction, const std::string& model,
                           std::int64_t version);

// Rising; those that are not stored yet too.
absl::StatusOr<std::vector<VersionRecord>> ListVersions(SqlTransaction& transaction,
                                                        const std::string& model);
absl::StatusOr<std::optional<VersionRecord>> FindVersion(SqlTransaction& transaction,
                                                         const std::string& model,
                                                         std::int64_t version);

absl::StatusOr<ServicePointer> ReadPointer(SqlTransaction& transaction, const std::string& model);
// Moves the pointer to `next` when it still is at `expected`; ABORTED when it is not.
absl::Status MovePointer(SqlTransaction& transaction, const std::string& model,
                         const ServicePointer& expected, const ServicePointer& next);

// A held-out text of a model: its key, and its sketch as hexadecimal digits where it is known.
struct HoldoutRow {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::string sketch;

  friend bool operator==(const HoldoutRow&, const HoldoutRow&) = default;
};
// Texts that are there already keep their sketch, or get the one that comes now.
absl::Status AddHoldout(SqlTransaction& transaction, const std::string& model,
                        const std::vector<HoldoutRow>& rows);
absl::StatusOr<std::vector<HoldoutRow>> ReadHoldout(SqlTransaction& transaction,
                                                    const std::string& model);

}  // namespace guichet
