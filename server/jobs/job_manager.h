#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/jobs/job_observer.h"
#include "server/jobs/job_runner.h"

namespace guichet {

// What a caller asks for, checked field by field already.
struct JobRequest {
  std::string request_id;
  std::string request_sha256;  // of all that was asked for
  TrainingJob training;        // id, live, checkpoint_interval and an empty base are filled in
  PromotionPolicy policy = PromotionPolicy::kAuto;
  std::string warnings_json = "{}";  // of the data set
  std::string actor;                 // for the audit
};

// A job and how far it is.
struct JobView {
  JobRecord record;
  std::optional<JobProgress> progress;  // of one that runs
};

// Is told that a job has news: more progress, or another state. Must be quick; any thread.
class JobWatcher {
 public:
  virtual ~JobWatcher() = default;
  virtual void OnNews() = 0;
};

struct JobManagerOptions {
  JobRunnerOptions runner;
  std::size_t max_queued_jobs = 16;
  std::chrono::milliseconds checkpoint_interval{60'000};
  int threads = 0;  // of a plan that names none; 0: all cores
};

struct JobManagerParts {
  Database& database;
  VersionControl& versions;
  JobObserver& observer;
  const Clock& clock;
};

// The jobs: a bounded queue in the database, one of them at work, on a thread of its own. All that
// is promised is in the database before it is told, so that a new process goes on where the last
// one stopped. Thread-safe; blocks on the disk.
class JobManager {
 public:
  JobManager(JobManagerOptions options, JobManagerParts parts);
  ~JobManager();  // Stop
  JobManager(const JobManager&) = delete;
  JobManager& operator=(const JobManager&) = delete;

  // Goes on with what is queued or was running.
  void Start();
  // Suspends the job at work; takes no more.
  void Stop();

  // The job of this request, new or made before. INVALID_ARGUMENT: the plan;
  // ALREADY_EXISTS: the request_id asked for something else; RESOURCE_EXHAUSTED: the queue is full.
  absl::StatusOr<JobRecord> Submit(JobRequest request);
  absl::StatusOr<JobView> Get(const std::string& id);
  // Newest first, with numbers below `before`.
  absl::StatusOr<std::vector<JobRecord>> List(std::int64_t before, std::int64_t most);
  // FAILED_PRECONDITION: it has ended. One that runs ends soon.
  absl::StatusOr<JobRecord> Cancel(const std::string& id, const std::string& actor);

  // Lines of progress after `sequence`, at most `most`.
  std::vector<JobProgress> Progress(const std::string& id, std::int64_t sequence, std::size_t most);
  // Until it is gone.
  void AddWatcher(const std::string& id, std::weak_ptr<JobWatcher> watcher);

  // Data sets that jobs that wait or run still read.
  absl::StatusOr<std::set<std::filesystem::path>> NeededDatasets();
  // The job that a request made, if it did. ALREADY_EXISTS as Submit.
  absl::StatusOr<std::optional<JobRecord>> FindRequest(const std::string& request_id,
                                                       const std::string& request_sha256);

 private:
  class Control;

  void Run();
  std::optional<JobRecord> AwaitJob();
  void OnProgress(const std::string& id, const std::vector<JobProgress>& lines);
  void Notify(const std::string& id);
  void CountJobs();

  const JobManagerOptions options_;
  Database& database_;
  VersionControl& versions_;
  JobObserver& observer_;
  const Clock& clock_;
  JobRunner runner_;

  Mutex mutex_;
  ConditionVariable changed_;
  bool stopping_ GUICHET_GUARDED_BY(mutex_) = false;
  bool submitted_ GUICHET_GUARDED_BY(mutex_) = true;           // the queue may hold something new
  std::string running_ GUICHET_GUARDED_BY(mutex_);             // id
  bool cancelled_ GUICHET_GUARDED_BY(mutex_) = false;          // the running one
  std::deque<JobProgress> recent_ GUICHET_GUARDED_BY(mutex_);  // of the running one
  std::map<std::string, std::vector<std::weak_ptr<JobWatcher>>> watchers_
      GUICHET_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace guichet
