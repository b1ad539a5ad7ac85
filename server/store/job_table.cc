#include "server/store/job_table.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::array<std::pair<JobState, std::string_view>, 5> kStates = {{
    {JobState::kQueued, "QUEUED"},
    {JobState::kRunning, "RUNNING"},
    {JobState::kSucceeded, "SUCCEEDED"},
    {JobState::kFailed, "FAILED"},
    {JobState::kCancelled, "CANCELLED"},
}};
constexpr std::array<std::pair<PromotionPolicy, std::string_view>, 3> kPolicies = {{
    {PromotionPolicy::kAuto, "AUTO"},
    {PromotionPolicy::kAsk, "ASK"},
    {PromotionPolicy::kNever, "NEVER"},
}};

template <typename Table, typename T>
std::string_view NameIn(const Table& table, T value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "?";
}

template <typename T, typename Table>
T ValueIn(const Table& table, std::string_view name) {
  for (const auto& [value, known] : table) {
    if (known == name) return value;
  }
  return table[0].first;
}

constexpr const char* kColumns =
    "number, id, request_id, request_sha256, model, created, state, policy, job, warnings, "
    "started, ended, attempts, cancel_asked, parent_version, error_code, error_message, verdict, "
    "gate, summary, training_rows, validation_rows, holdout_rows, version, promoted, note";

JobRecord ReadJob(const SqlRow& row) {
  int column = 0;
  const auto number = [&] { return row.Integer(column++); };
  const auto text = [&] { return row.Text(column++); };
  JobRecord job;
  job.number = number();
  job.id = text();
  job.request_id = text();
  job.request_sha256 = text();
  job.model = text();
  job.created = number();
  job.state = ValueIn<JobState>(kStates, text());
  job.policy = ValueIn<PromotionPolicy>(kPolicies, text());
  job.job_json = text();
  job.warnings_json = text();
  job.started = number();
  job.ended = number();
  job.attempts = number();
  job.cancel_asked = number() != 0;
  job.parent_version = number();
  job.error_code = static_cast<int>(number());
  job.error_message = text();
  job.verdict = text();
  job.gate_json = text();
  job.summary_json = text();
  job.training_rows = number();
  job.validation_rows = number();
  job.holdout_rows = number();
  job.version = number();
  job.promoted = number() != 0;
  job.note = text();
  return job;
}

absl::StatusOr<std::optional<JobRecord>> FindOne(SqlTransaction& transaction,
                                                 std::string_view condition,
                                                 const std::vector<SqlValue>& values) {
  std::optional<JobRecord> found;
  GUICHET_RETURN_IF_ERROR(
      transaction.Query(fmt::format("SELECT {} FROM jobs {} LIMIT 1", kColumns, condition), values,
                        [&](const SqlRow& row) { found = ReadJob(row); }));
  return found;
}

std::int64_t Flag(bool flag) { return flag ? 1 : 0; }

}  // namespace

std::string_view NameOf(JobState state) { return NameIn(kStates, state); }
std::string_view NameOf(PromotionPolicy policy) { return NameIn(kPolicies, policy); }

absl::StatusOr<std::string> NextJobId(SqlTransaction& transaction) {
  std::int64_t last = 0;
  GUICHET_RETURN_IF_ERROR(transaction.Query("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'",
                                            {}, [&](const SqlRow& row) { last = row.Integer(0); }));
  return fmt::format("job-{}", last + 1);
}

absl::Status InsertJob(SqlTransaction& transaction, JobRecord& job) {
  GUICHET_RETURN_IF_ERROR(
      transaction
          .Execute("INSERT INTO jobs (id, request_id, request_sha256, model, created, state, "
                   "policy, job, warnings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   {job.id, job.request_id, job.request_sha256, job.model, job.created,
                    std::string(NameOf(job.state)), std::string(NameOf(job.policy)), job.job_json,
                    job.warnings_json})
          .status());
  job.number = transaction.last_row_id();
  return absl::OkStatus();
}

absl::Status UpdateJob(SqlTransaction& transaction, const JobRecord& job) {
  GUICHET_ASSIGN_OR_RETURN(
      const std::int64_t changed,
      transaction.Execute(
          "UPDATE jobs SET state = ?, job = ?, started = ?, ended = ?, attempts = ?, "
          "cancel_asked = max(cancel_asked, ?), parent_version = ?, error_code = ?, error_message "
          "= ?, verdict = ?, "
          "gate = ?, summary = ?, training_rows = ?, validation_rows = ?, holdout_rows = ?, "
          "version = ?, promoted = ?, note = ? WHERE id = ?",
          {std::string(NameOf(job.state)), job.job_json, job.started, job.ended, job.attempts,
           Flag(job.cancel_asked), job.parent_version, std::int64_t{job.error_code},
           job.error_message, job.verdict, job.gate_json, job.summary_json, job.training_rows,
           job.validation_rows, job.holdout_rows, job.version, Flag(job.promoted), job.note,
           job.id}));
  if (changed == 1) return absl::OkStatus();
  return absl::NotFoundError(fmt::format("no job \"{}\"", job.id));
}

absl::StatusOr<std::optional<JobRecord>> FindJob(SqlTransaction& transaction,
                                                 const std::string& id) {
  return FindOne(transaction, "WHERE id = ?", {id});
}

absl::StatusOr<std::optional<JobRecord>> FindJobOfRequest(SqlTransaction& transaction,
                                                          const std::string& request_id) {
  return FindOne(transaction, "WHERE request_id = ?", {request_id});
}

absl::StatusOr<std::optional<JobRecord>> NextJob(SqlTransaction& transaction) {
  return FindOne(transaction,
                 "WHERE state IN ('RUNNING', 'QUEUED') ORDER BY state = 'QUEUED', number", {});
}

absl::StatusOr<std::vector<JobRecord>> ListJobs(SqlTransaction& transaction, std::int64_t before,
                                                std::int64_t most) {
  std::vector<JobRecord> jobs;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      fmt::format("SELECT {} FROM jobs WHERE number < ? ORDER BY number DESC LIMIT ?", kColumns),
      {before, most}, [&](const SqlRow& row) { jobs.push_back(ReadJob(row)); }));
  return jobs;
}

absl::StatusOr<std::vector<JobRecord>> ListUnendedJobs(SqlTransaction& transaction) {
  std::vector<JobRecord> jobs;
  GUICHET_RETURN_IF_ERROR(transaction.Query(
      fmt::format("SELECT {} FROM jobs WHERE state IN ('RUNNING', 'QUEUED') ORDER BY number",
                  kColumns),
      {}, [&](const SqlRow& row) { jobs.push_back(ReadJob(row)); }));
  return jobs;
}

absl::StatusOr<std::int64_t> CountJobs(SqlTransaction& transaction, JobState state) {
  std::int64_t count = 0;
  GUICHET_RETURN_IF_ERROR(transaction.Query("SELECT count(*) FROM jobs WHERE state = ?",
                                            {std::string(NameOf(state))},
                                            [&](const SqlRow& row) { count = row.Integer(0); }));
  return count;
}

}  // namespace guichet
