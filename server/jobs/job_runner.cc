#include "server/jobs/job_runner.h"

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/finetuning/feedback_tickets.h"
#include "server/store/audit_log.h"
#include "server/store/feedback_table.h"
#include "server/store/times.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kPollInterval(100);
// A suspended trainer writes a checkpoint first; what takes longer is done again from the last one.
constexpr milliseconds kSuspendPatience(10'000);
// A cancelled one tells its trackers; what it reads or writes meanwhile is of no use to anybody.
constexpr milliseconds kCancelPatience(5'000);
constexpr milliseconds kRestartPause(500);
constexpr std::size_t kLinesAtOnce = 256;
// A full disk or a busy database may pass; what fails this often does not.
constexpr int kMaxFailedPublications = 5;

absl::Status Suspended() { return absl::AbortedError("the server ends"); }
absl::Status Cancelled() { return absl::CancelledError("cancelled by its caller"); }

HoldoutKeys ToKeys(const std::vector<HoldoutRow>& rows) {
  HoldoutKeys keys;
  for (const HoldoutRow& row : rows) {
    keys.emplace(TextKey{.high = row.high, .low = row.low}, ParseSketch(row.sketch));
  }
  return keys;
}

std::vector<HoldoutRow> ToRows(const HoldoutKeys& keys) {
  std::vector<HoldoutRow> rows;
  rows.reserve(keys.size());
  for (const auto& [key, sketch] : keys) {
    rows.push_back(
        {.high = key.high, .low = key.low, .sketch = sketch ? ToHex(*sketch) : std::string()});
  }
  return rows;
}

}  // namespace

JobRunner::JobRunner(JobRunnerOptions options, Database& database, VersionControl& versions,
                     const Clock& clock)
    : options_(std::move(options)), database_(database), versions_(versions), clock_(clock) {}

absl::StatusOr<JobRecord> JobRunner::Run(JobRecord job, JobControl& control) {
  furthest_step_ = 0;
  database_failed_ = false;
  GUICHET_RETURN_IF_ERROR(Begin(job));
  if (HasEnded(job.state)) return job;
  if (job.cancel_asked) return End(std::move(job), JobState::kCancelled, Cancelled());
  if (absl::Status prepared = PrepareFolder(job); !prepared.ok()) {
    if (database_failed_) return prepared;
    return End(std::move(job), JobState::kFailed, prepared);
  }
  const absl::StatusOr<TrainingOutcome> outcome = AwaitOutcome(job, control);
  if (absl::IsAborted(outcome.status()) && control.stopping()) return job;
  if (absl::IsCancelled(outcome.status())) {
    return End(std::move(job), JobState::kCancelled, outcome.status());
  }
  if (database_failed_) return outcome.status();
  const absl::Status status = outcome.ok() ? outcome->status : outcome.status();
  if (!status.ok()) return End(std::move(job), JobState::kFailed, status);
  return Publish(std::move(job), *outcome, control);
}

absl::Status JobRunner::Begin(JobRecord& job) {
  return Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const auto current, FindJob(transaction, job.id));
    if (current.has_value()) job = *current;  // its cancellation may have come meanwhile
    if (job.state != JobState::kQueued) return absl::OkStatus();
    GUICHET_ASSIGN_OR_RETURN(const ServicePointer pointer,
                             ReadPointer(transaction, versions_.model()));
    job.state = JobState::kRunning;
    job.started = ToMicros(clock_.WallNow());
    job.parent_version = pointer.version;
    return UpdateJob(transaction, job);
  });
}

absl::StatusOr<std::string> JobRunner::LiveFolder(const JobRecord& job) {
  GUICHET_ASSIGN_OR_RETURN(const VersionList list, versions_.List());
  for (const VersionRecord& version : list.versions) {
    if (version.version == job.parent_version) return version.folder;
  }
  return absl::FailedPreconditionError(
      fmt::format("version {}, which was in service when the job began, is deleted; submit the "
                  "job again",
                  job.parent_version));
}

absl::Status JobRunner::PrepareFolder(const JobRecord& job) {
  const fs::path folder = FolderOf(job.id);
  std::error_code error;
  if (fs::exists(folder, error)) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(TrainingJob training, ParseTrainingJob(job.job_json, job.id));
  GUICHET_ASSIGN_OR_RETURN(training.live, LiveFolder(job));
  if (training.base.empty()) training.base = training.live;
  std::vector<HoldoutRow> holdout;
  std::vector<Ticket> corrections;
  GUICHET_RETURN_IF_ERROR(Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(holdout, ReadHoldout(transaction, versions_.model()));
    if (!training.include_feedback) return absl::OkStatus();
    return ReadTaughtTickets(
        transaction, versions_.model(), training.feedback_until, [&](const TaughtTicket& taught) {
          corrections.push_back({taught.ticket_id, taught.subject, taught.body, taught.label});
        });
  }));
  GUICHET_RETURN_IF_ERROR(MakeFoldersDurably(options_.folder));
  return CreateFolderDurably(folder, [&](const fs::path& staging) -> absl::Status {
    if (training.include_feedback) {
      GUICHET_RETURN_IF_ERROR(WriteFeedbackTickets(corrections, staging));
    }
    return WriteTrainingJob(training, ToKeys(holdout), staging);
  });
}

absl::StatusOr<TrainingOutcome> JobRunner::AwaitOutcome(JobRecord& job, JobControl& control) {
  const fs::path folder = FolderOf(job.id);
  JobProgressReader progress(folder);
  int crashes = 0;
  while (true) {
    if (control.cancelled()) return Cancelled();
    auto outcome = ReadTrainingOutcome(folder);
    if (outcome.ok() || !absl::IsNotFound(outcome.status())) {
      control.OnProgress(progress.Next(SIZE_MAX));
      return outcome;
    }
    if (control.stopping()) return Suspended();
    ++job.attempts;
    GUICHET_RETURN_IF_ERROR(
        Transact([&](SqlTransaction& transaction) { return UpdateJob(transaction, job); }));
    const int furthest = furthest_step_;
    GUICHET_ASSIGN_OR_RETURN(const TrainerExit exit, Attempt(job, control, progress));
    if (exit.signal == 0 && exit.code == TrainerExit::kSuspended) continue;
    if (ReadTrainingOutcome(folder).ok() || control.cancelled() || control.stopping()) continue;
    // Also one that ends well and leaves no outcome.
    crashes = furthest_step_ > furthest ? 1 : crashes + 1;
    Log(LogLevel::kWarning, "guichet-trainer crashed",
        {{"job", job.id}, {"how", exit.Describe()}, {"crashes", crashes}});
    if (crashes >= options_.max_crashes) {
      return absl::InternalError(fmt::format(
          "guichet-trainer {}, {} times without getting any further; its last words: \"{}\"",
          exit.Describe(), crashes, LastLogLine(folder)));
    }
    control.Wait(kRestartPause);
  }
}

absl::StatusOr<TrainerExit> JobRunner::Attempt(const JobRecord& job, JobControl& control,
                                               JobProgressReader& progress) {
  const fs::path folder = FolderOf(job.id);
  GUICHET_ASSIGN_OR_RETURN(const auto process, TrainerProcess::Start(options_.trainer, folder));
  SteadyTime give_up = SteadyTime::max();
  bool cancelled = false;
  while (true) {
    const std::optional<TrainerExit> exit = process->Poll();
    while (true) {
      const std::vector<JobProgress> lines = progress.Next(kLinesAtOnce);
      if (lines.empty()) break;
      for (const JobProgress& line : lines) furthest_step_ = std::max(furthest_step_, line.step);
      control.OnProgress(lines);
    }
    if (exit.has_value()) return *exit;
    if (control.cancelled() && !cancelled) {
      cancelled = true;
      process->Cancel();
      give_up = clock_.Now() + kCancelPatience;
    }
    if (control.stopping() && give_up == SteadyTime::max()) {
      process->Suspend();
      give_up = clock_.Now() + kSuspendPatience;
    }
    if (clock_.Now() > give_up) process->Kill();
    control.Wait(kPollInterval);
  }
}

absl::StatusOr<JobRecord> JobRunner::Publish(JobRecord job, const TrainingOutcome& outcome,
                                             JobControl& control) {
  job.verdict = NameOf(outcome.verdict);
  job.gate_json = outcome.gate_json == "null" ? std::string() : outcome.gate_json;
  job.summary_json = outcome.summary_json;
  job.training_rows = outcome.training_rows;
  job.validation_rows = outcome.validation_rows;
  job.holdout_rows = outcome.holdout_rows;
  const fs::path folder = FolderOf(job.id);
  const auto version = versions_.Publish(
      {.folder = folder / kCandidateFolder,
       .job_id = job.id,
       .parent_version = job.parent_version,
       .verdict = job.verdict,
       .policy = std::string(NameOf(job.policy))},
      [&](SqlTransaction& transaction, const VersionRecord& published) -> absl::Status {
        GUICHET_ASSIGN_OR_RETURN(const auto current, FindJob(transaction, job.id));
        if (current.has_value() && current->cancel_asked) return Cancelled();
        GUICHET_ASSIGN_OR_RETURN(const HoldoutKeys keys, ReadHoldoutKeys(folder, /*used=*/true));
        GUICHET_RETURN_IF_ERROR(AddHoldout(transaction, versions_.model(), ToRows(keys)));
        job.version = published.version;
        return UpdateJob(transaction, job);
      });
  if (absl::IsCancelled(version.status())) {
    versions_.Discard(job.id);
    return End(std::move(job), JobState::kCancelled, version.status());
  }
  if (!version.ok() && ++failed_publications_ < kMaxFailedPublications) return version.status();
  failed_publications_ = 0;
  if (!version.ok()) {
    versions_.Discard(job.id);
    return End(std::move(job), JobState::kFailed, version.status());
  }
  job.version = version->version;
  PromoteIfWanted(job, control);
  versions_.DeleteSurplus();
  return End(std::move(job), JobState::kSucceeded, absl::OkStatus());
}

void JobRunner::PromoteIfWanted(JobRecord& job, JobControl& control) {
  if (job.verdict != NameOf(GateVerdict::kPromote)) return;
  if (control.cancelled()) {
    job.note = "not put in service: the job was cancelled when its version was published already";
    return;
  }
  if (job.policy != PromotionPolicy::kAuto) {
    job.note = fmt::format(
        "the gate says PROMOTE and the policy {}: Models.Promote puts it in "
        "service",
        NameOf(job.policy));
    return;
  }
  const auto list = versions_.List();
  if (list.ok()) {
    for (const VersionRecord& version : list->versions) {
      if (version.version != list->pointer.version || !version.pinned) continue;
      job.note = fmt::format("version {} is in service and pinned; unpin it or promote by hand",
                             version.version);
      return;
    }
  }
  const absl::Status promoted =
      versions_.Promote(job.version, {.expected = job.parent_version}, "job:" + job.id);
  job.promoted = promoted.ok();
  if (!promoted.ok()) job.note = "not put in service: " + std::string(promoted.message());
}

absl::StatusOr<JobRecord> JobRunner::End(JobRecord job, JobState state, const absl::Status& why) {
  job.state = state;
  job.ended = ToMicros(clock_.WallNow());
  if (state == JobState::kFailed) {
    job.error_code = static_cast<int>(why.code());
    job.error_message = std::string(why.message());
  }
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) {
    absl::Status status = UpdateJob(transaction, job);
    if (!status.ok()) return status;
    return AppendAudit(transaction, clock_.WallNow(),
                       {.actor = "job:" + job.id,
                        .action = std::string("job ") + std::string(NameOf(state)),
                        .subject = job.id,
                        .details = job.error_message});
  }));
  Log(state == JobState::kFailed ? LogLevel::kError : LogLevel::kInfo, "job ended",
      {{"job", job.id},
       {"state", NameOf(state)},
       {"verdict", job.verdict},
       {"version", job.version},
       {"promoted", job.promoted},
       {"error", job.error_message}});
  // What only a resumption needed.
  std::error_code ignored;
  fs::remove_all(FolderOf(job.id) / kCheckpointFolder, ignored);
  if (state != JobState::kSucceeded) fs::remove_all(FolderOf(job.id) / kCandidateFolder, ignored);
  return job;
}

absl::Status JobRunner::Transact(const std::function<absl::Status(SqlTransaction&)>& work) {
  absl::Status status = database_.Transact(work);
  if (!status.ok()) database_failed_ = true;
  return status;
}

}  // namespace guichet
