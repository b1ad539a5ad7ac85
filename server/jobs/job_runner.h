#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/finetuning/training_job.h"
#include "server/jobs/trainer_process.h"
#include "server/registry/version_control.h"
#include "server/store/database.h"
#include "server/store/job_table.h"

namespace guichet {

// What a runner asks and tells while a job runs. Called from the runner's thread.
class JobControl {
 public:
  virtual ~JobControl() = default;
  virtual bool stopping() = 0;   // the server ends: the job is suspended
  virtual bool cancelled() = 0;  // its caller no longer wants it
  // Waits, shorter when one of these changes.
  virtual void Wait(std::chrono::milliseconds time) = 0;
  virtual void OnProgress(const std::vector<JobProgress>& lines) = 0;
};

struct JobRunnerOptions {
  std::filesystem::path folder;  // a folder for each job
  TrainerOptions trainer;
  int max_crashes = 3;  // without getting any further in between
};

// Takes one job from its start, or from where a server before left it, to its end: prepares its
// folder, has guichet-trainer work on it, starts that again after a crash, publishes the candidate
// and puts it in service when gate and policy say so. Whatever fails is the job's end, with its
// reason; the version in service stays. Used by one thread, which lives as long as the server.
class JobRunner {
 public:
  // All outlive it.
  JobRunner(JobRunnerOptions options, Database& database, VersionControl& versions,
            const Clock& clock);

  // Returns the job as it ended, or, when control says stopping, as it is. An error: the database
  // cannot be used now, or the candidate cannot be moved to its place; the job is as it was, to be
  // run again.
  absl::StatusOr<JobRecord> Run(JobRecord job, JobControl& control);

  std::filesystem::path FolderOf(const std::string& job_id) const {
    return options_.folder / job_id;
  }

 private:
  absl::Status Begin(JobRecord& job);
  absl::Status PrepareFolder(const JobRecord& job);
  absl::StatusOr<std::string> LiveFolder(const JobRecord& job);
  absl::StatusOr<TrainingOutcome> AwaitOutcome(JobRecord& job, JobControl& control);
  absl::StatusOr<TrainerExit> Attempt(const JobRecord& job, JobControl& control,
                                      JobProgressReader& progress);
  absl::StatusOr<JobRecord> Publish(JobRecord job, const TrainingOutcome& outcome,
                                    JobControl& control);
  void PromoteIfWanted(JobRecord& job, JobControl& control);
  absl::StatusOr<JobRecord> End(JobRecord job, JobState state, const absl::Status& why);
  // A transaction; its failure is not the job's.
  absl::Status Transact(const std::function<absl::Status(SqlTransaction&)>& work);

  const JobRunnerOptions options_;
  Database& database_;
  VersionControl& versions_;
  const Clock& clock_;
  int furthest_step_ = 0;         // of all attempts
  bool database_failed_ = false;  // in this run
  int failed_publications_ = 0;   // one after the other
};

}  // namespace guichet
