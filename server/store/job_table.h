#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"

namespace guichet {

enum class JobState { kQueued, kRunning, kSucceeded, kFailed, kCancelled };
inline constexpr std::array<JobState, 5> kJobStates = {JobState::kQueued, JobState::kRunning,
                                                       JobState::kSucceeded, JobState::kFailed,
                                                       JobState::kCancelled};

inline bool HasEnded(JobState state) {
  return state != JobState::kQueued && state != JobState::kRunning;
}

// What happens with a candidate: the gate decides, a person decides, or it is only compared.
enum class PromotionPolicy { kAuto, kAsk, kNever };

std::string_view NameOf(JobState state);          // "QUEUED", …
std::string_view NameOf(PromotionPolicy policy);  // "AUTO", "ASK", "NEVER"

// A row of the table `jobs`. Times are as ToMicros gives them.
struct JobRecord {
  std::int64_t number = 0;  // rises with each job; given by the table
  std::string id;
  std::string request_id;
  std::string request_sha256;  // of what was asked for, to tell a repetition from a clash
  std::string model;
  JobState state = JobState::kQueued;
  PromotionPolicy policy = PromotionPolicy::kAuto;
  std::string job_json;              // a TrainingJob
  std::string warnings_json = "{}";  // of the data set
  std::int64_t created = 0;
  std::int64_t started = 0;
  std::int64_t ended = 0;
  std::int64_t attempts = 0;
  bool cancel_asked = false;
  std::int64_t parent_version = 0;  // in service when it started
  int error_code = 0;
  std::string error_message;
  std::string verdict;
  std::string gate_json;
  std::string summary_json;
  std::int64_t training_rows = 0;
  std::int64_t validation_rows = 0;
  std::int64_t holdout_rows = 0;
  std::int64_t version = 0;  // published; 0: none
  bool promoted = false;
  std::string note;
};

// The id of the job that is inserted next.
absl::StatusOr<std::string> NextJobId(SqlTransaction& transaction);
// Sets the record's number. ALREADY_EXISTS: its id or request_id is taken.
absl::Status InsertJob(SqlTransaction& transaction, JobRecord& job);
// Writes all but number, id, request and creation; a cancellation that was asked for stays so.
// NOT_FOUND: no such job.
absl::Status UpdateJob(SqlTransaction& transaction, const JobRecord& job);

absl::StatusOr<std::optional<JobRecord>> FindJob(SqlTransaction& transaction,
                                                 const std::string& id);
absl::StatusOr<std::optional<JobRecord>> FindJobOfRequest(SqlTransaction& transaction,
                                                          const std::string& request_id);
// The one to work on: the running one, else the one that has waited longest.
absl::StatusOr<std::optional<JobRecord>> NextJob(SqlTransaction& transaction);
// The newest jobs with a number below `before`, newest first.
absl::StatusOr<std::vector<JobRecord>> ListJobs(SqlTransaction& transaction, std::int64_t before,
                                                std::int64_t most);
// Those that wait or run, oldest first.
absl::StatusOr<std::vector<JobRecord>> ListUnendedJobs(SqlTransaction& transaction);
absl::StatusOr<std::int64_t> CountJobs(SqlTransaction& transaction, JobState state);

}  // namespace guichet
