#include "server/registry/version_control.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/bundle/bundle_files.h"
#include "model/bundle/model_bundle.h"
#include "server/store/audit_log.h"
#include "server/store/times.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFromConfiguration = "configuration";

absl::Status Explained(const absl::Status& status, std::string_view what) {
  return absl::Status(status.code(), fmt::format("{}: {}", what, std::string(status.message())));
}

// Whether a person has to insist on it, and why.
std::string ReasonAgainst(const VersionRecord& version) {
  if (version.verdict == "REJECT") return "the gate found it worse than the version in service";
  if (version.policy == "NEVER") return "its job was started with the policy NEVER";
  return {};
}

}  // namespace

absl::StatusOr<std::string> BundleHash(const fs::path& bundle) {
  GUICHET_ASSIGN_OR_RETURN(const std::string manifest, ReadBundleManifestText(bundle));
  return Sha256Hex(manifest);
}

VersionControl::VersionControl(Database& database, ModelRegistry& registry,
                               VersionControlOptions options, const Clock& clock)
    : database_(database), registry_(registry), options_(std::move(options)), clock_(clock) {}

absl::Status VersionControl::Start(const fs::path& configured, const std::string& name) {
  const MutexLock changing(changing_);
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadBundleManifestText(configured));
  model_ = name;
  if (model_.empty()) {
    GUICHET_ASSIGN_OR_RETURN(const BundleManifest manifest, ParseBundleManifest(text));
    model_ = manifest.name;
  }
  GUICHET_RETURN_IF_ERROR(Register(configured));
  return LoadAny();
}

absl::Status VersionControl::Register(const fs::path& configured) {
  GUICHET_ASSIGN_OR_RETURN(const std::string hash, BundleHash(configured));
  const std::string folder = fs::absolute(configured).lexically_normal().string();
  configured_folder_ = folder;
  return database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const std::vector<VersionRecord> versions,
                             ListVersions(transaction, model_));
    for (VersionRecord version : versions) {
      if (version.manifest_sha256 != hash) continue;
      if (version.owned || version.folder == folder) return absl::OkStatus();
      version.folder = folder;  // the same bundle, moved
      return UpdateVersion(transaction, version);
    }
    VersionRecord added;
    added.model = model_;
    GUICHET_ASSIGN_OR_RETURN(added.version, TakeVersionNumber(transaction, model_));
    added.folder = folder;
    added.stored = true;
    added.created = ToMicros(clock_.WallNow());
    added.origin = kFromConfiguration;
    added.manifest_sha256 = hash;
    GUICHET_RETURN_IF_ERROR(InsertVersion(transaction, added));
    GUICHET_ASSIGN_OR_RETURN(const ServicePointer pointer, ReadPointer(transaction, model_));
    GUICHET_RETURN_IF_ERROR(MovePointer(transaction, model_, pointer,
                                        {.version = added.version, .previous = pointer.version}));
    return AppendAudit(transaction, clock_.WallNow(),
                       {.actor = kFromConfiguration,
                        .action = "put in service",
                        .subject = SubjectOf(added.version),
                        .details = "model.path names a bundle that no version had"});
  });
}

absl::Status VersionControl::LoadAny() {
  GUICHET_ASSIGN_OR_RETURN(const VersionList list, List());
  std::vector<VersionRecord> order(list.versions.rbegin(), list.versions.rend());
  const auto rank = [&](const VersionRecord& version) {
    return version.version == list.pointer.version    ? 0
           : version.version == list.pointer.previous ? 1
                                                      : 2;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  absl::Status first;
  for (const VersionRecord& version : order) {
    // What nobody would promote without force does not come into service by accident.
    if (rank(version) == 2 && !ReasonAgainst(version).empty()) continue;
    const absl::Status status = EnsureLoaded(version);
    if (!status.ok()) {
      Log(LogLevel::kError, "version cannot be loaded",
          {{"model", model_}, {"version", version.version}, {"error", status.ToString()}});
      first.Update(status);
      continue;
    }
    if (version.version == list.pointer.version) return absl::OkStatus();
    return Record({.actor = "start",
                   .action = "put in service",
                   .subject = SubjectOf(version.version),
                   .details = fmt::format("version {} could not be loaded: {}",
                                          list.pointer.version, std::string(first.message()))},
                  [&](SqlTransaction& transaction) {
                    return MovePointer(transaction, model_, list.pointer,
                                       {.version = version.version, .previous = 0});
                  });
  }
  return first;
}

void VersionControl::LoadPrevious() {
  const MutexLock changing(changing_);
  const auto list = List();
  if (!list.ok()) return;
  for (const VersionRecord& version : list->versions) {
    if (version.version != list->pointer.previous || !HasRoomFor(version)) continue;
    if (const absl::Status status = EnsureLoaded(version); !status.ok()) {
      Log(LogLevel::kWarning, "the version before the one in service cannot be loaded",
          {{"version", version.version}, {"error", status.ToString()}});
    }
  }
}

absl::Status VersionControl::EnsureLoaded(const VersionRecord& version) {
  if (IsLoaded(version.version)) return absl::OkStatus();
  const auto load = [&]() -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const std::string hash, BundleHash(version.folder));
    if (hash != version.manifest_sha256) {
      return absl::DataLossError(
          fmt::format("{} holds another bundle now than when it became version {}", version.folder,
                      version.version));
    }
    // A thread of its own: the threads that warm-up starts for its operations end with it.
    absl::Status loaded;
    std::thread([&] {
      loaded = registry_.Load({.path = version.folder, .name = model_, .version = version.version})
                   .status();
    }).join();
    return loaded;
  };
  absl::Status status = load();
  const std::string failure = status.ok() ? std::string() : status.ToString();
  if (failure != version.failure) {
    VersionRecord changed = version;
    changed.failure = failure;
    const absl::Status recorded = database_.Transact(
        [&](SqlTransaction& transaction) { return UpdateVersion(transaction, changed); });
    if (!recorded.ok()) Log(LogLevel::kError, "database", {{"error", recorded.ToString()}});
  }
  if (status.ok()) return status;
  return Explained(status, fmt::format("version {} cannot be loaded", version.version));
}

absl::Status VersionControl::Promote(std::int64_t version, const PromoteOptions& options,
                                     const std::string& actor) {
  const MutexLock changing(changing_);
  VersionRecord record;
  ServicePointer pointer;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(record, Find(transaction, version));
    GUICHET_ASSIGN_OR_RETURN(pointer, ReadPointer(transaction, model_));
    return absl::OkStatus();
  }));
  if (version == pointer.version) return absl::OkStatus();
  if (options.expected != 0 && options.expected != pointer.version) {
    return absl::AbortedError(
        fmt::format("expected_version_in_service is {}, but version {} is in service; look again",
                    options.expected, pointer.version));
  }
  const std::string against = options.force ? std::string() : ReasonAgainst(record);
  if (!against.empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "version {}: {}; set force to put it in service all the same", version, against));
  }
  return SwapTo(record, pointer,
                {.actor = actor,
                 .action = "promote",
                 .subject = SubjectOf(version),
                 .details = fmt::format("instead of version {}", pointer.version)});
}

absl::Status VersionControl::Rollback(std::int64_t expected, const std::string& actor) {
  const MutexLock changing(changing_);
  VersionRecord record;
  ServicePointer pointer;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(pointer, ReadPointer(transaction, model_));
    if (expected != 0 && expected != pointer.version) {
      return absl::AbortedError(
          fmt::format("expected_version_in_service is {}, but version {} is in service; look again",
                      expected, pointer.version));
    }
    if (pointer.previous == 0) {
      return absl::FailedPreconditionError(
          fmt::format("no version was in service before version {}; promote one by its number",
                      pointer.version));
    }
    GUICHET_ASSIGN_OR_RETURN(record, Find(transaction, pointer.previous));
    return absl::OkStatus();
  }));
  return SwapTo(record, pointer,
                {.actor = actor,
                 .action = "rollback",
                 .subject = SubjectOf(record.version),
                 .details = fmt::format("from version {}", pointer.version)});
}

absl::Status VersionControl::SwapTo(const VersionRecord& version, const ServicePointer& current,
                                    const AuditEntry& entry) {
  const ServicePointer next{.version = version.version, .previous = current.version};
  if (!IsLoaded(version.version) && !HasRoomFor(version)) RetireOthers(current.version, 0);
  GUICHET_RETURN_IF_ERROR(EnsureLoaded(version));
  GUICHET_RETURN_IF_ERROR(Record(entry, [&](SqlTransaction& transaction) {
    return MovePointer(transaction, model_, current, next);
  }));
  GUICHET_RETURN_IF_ERROR(registry_.PutInService(model_, version.version));
  Log(LogLevel::kInfo, entry.action,
      {{"model", model_},
       {"version", version.version},
       {"instead_of", current.version},
       {"actor", entry.actor}});
  RetireOthers(next.version, HasRoomFor(version) ? next.previous : 0);
  return absl::OkStatus();
}

// The weights are what a version takes, but for a constant.
bool VersionControl::HasRoomFor(const VersionRecord& version) const {
  std::error_code error;
  const auto bytes = fs::file_size(fs::path(version.folder) / kWeightsFile, error);
  const std::optional<std::int64_t> free = options_.free_memory();
  return error || !free || static_cast<std::int64_t>(bytes) <= *free;
}

void VersionControl::RetireOthers(std::int64_t keep, std::int64_t keep_too) {
  for (const std::int64_t loaded : registry_.Versions(model_)) {
    if (loaded == keep || loaded == keep_too) continue;
    const absl::Status status = registry_.Retire(model_, loaded);
    if (!status.ok()) Log(LogLevel::kWarning, "retire", {{"error", status.ToString()}});
  }
}

std::string VersionControl::SubjectOf(std::int64_t version) const {
  return fmt::format("{}/{}", model_, version);
}

bool VersionControl::IsLoaded(std::int64_t version) const {
  const auto loaded = registry_.Versions(model_);
  return std::find(loaded.begin(), loaded.end(), version) != loaded.end();
}

absl::StatusOr<VersionList> VersionControl::List() const {
  VersionList list;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(list.versions, ListVersions(transaction, model_));
    GUICHET_ASSIGN_OR_RETURN(list.pointer, ReadPointer(transaction, model_));
    return absl::OkStatus();
  }));
  std::erase_if(list.versions, [](const VersionRecord& version) { return !version.stored; });
  return list;
}

absl::Status VersionControl::CheckModel(const std::string& model) const {
  if (model.empty() || model == model_) return absl::OkStatus();
  return absl::NotFoundError(fmt::format("no model \"{}\"; this server has \"{}\"", model, model_));
}

absl::StatusOr<VersionRecord> VersionControl::Find(SqlTransaction& transaction,
                                                   std::int64_t version) const {
  if (version < 1) {
    return absl::InvalidArgumentError(fmt::format("version is {}; versions count from 1", version));
  }
  GUICHET_ASSIGN_OR_RETURN(const auto found, FindVersion(transaction, model_, version));
  if (found.has_value() && found->stored) return *found;
  return absl::NotFoundError(fmt::format(
      "no version {} of model \"{}\"; ListVersions shows those there are", version, model_));
}

absl::Status VersionControl::Record(
    const AuditEntry& entry, const std::function<absl::Status(SqlTransaction&)>& change) const {
  return database_.Transact([&](SqlTransaction& transaction) {
    absl::Status status = change(transaction);
    if (status.ok()) status = AppendAudit(transaction, clock_.WallNow(), entry);
    return status;
  });
}

}  // namespace guichet
