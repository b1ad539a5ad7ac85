#include "server/jobs/job_manager.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/training/training_plan.h"
#include "server/base/thread_name.h"
#include "server/store/audit_log.h"
#include "server/store/feedback_table.h"
#include "server/store/times.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;

// Lines of the running job in memory; watchers that are further behind read its file.
constexpr std::size_t kRecentLines = 2048;
constexpr milliseconds kDatabasePause(2000);

absl::Status RequestClash(const JobRecord& job) {
  return absl::AlreadyExistsError(
      fmt::format("request_id \"{}\" belongs to {}, which asked for something else; choose another "
                  "one",
                  job.request_id, job.id));
}

absl::Status NoSuchJob(const std::string& id) {
  return absl::NotFoundError(fmt::format("no job \"{}\"; ListJobs shows those there are", id));
}

}  // namespace

// What the runner sees of the manager while one job runs.
class JobManager::Control final : public JobControl {
 public:
  Control(JobManager& manager, std::string id) : manager_(manager), id_(std::move(id)) {}

  bool stopping() override {
    const MutexLock lock(manager_.mutex_);
    return manager_.stopping_;
  }
  bool cancelled() override {
    const MutexLock lock(manager_.mutex_);
    return manager_.cancelled_;
  }
  void Wait(milliseconds time) override {
    const SteadyTime deadline = manager_.clock_.Now() + time;
    const MutexLock lock(manager_.mutex_);
    const bool stopping = manager_.stopping_;
    const bool cancelled = manager_.cancelled_;
    while (manager_.stopping_ == stopping && manager_.cancelled_ == cancelled &&
           manager_.clock_.Now() < deadline) {
      manager_.clock_.WaitUntil(manager_.mutex_, manager_.changed_, deadline);
    }
  }
  void OnProgress(const std::vector<JobProgress>& lines) override {
    manager_.OnProgress(id_, lines);
  }

 private:
  JobManager& manager_;
  const std::string id_;
};

JobManager::JobManager(JobManagerOptions options, JobManagerParts parts)
    : options_(std::move(options)),
      database_(parts.database),
      versions_(parts.versions),
      observer_(parts.observer),
      clock_(parts.clock),
      runner_(options_.runner, parts.database, parts.versions, parts.clock) {}

JobManager::~JobManager() { Stop(); }

void JobManager::Start() {
  CountJobs();
  thread_ = std::thread([this] { Run(); });
}

void JobManager::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void JobManager::Run() {
  SetThreadName("jobs");
  while (std::optional<JobRecord> job = AwaitJob()) {
    Control control(*this, job->id);
    Notify(job->id);
    const absl::StatusOr<JobRecord> ended = runner_.Run(*job, control);
    {
      const MutexLock lock(mutex_);
      running_.clear();
      recent_.clear();
      submitted_ = true;
    }
    if (ended.ok()) {
      if (!ended->verdict.empty() && HasEnded(ended->state)) observer_.OnVerdict(ended->verdict);
    } else {
      Log(LogLevel::kError, "a job waits for the database",
          {{"job", job->id}, {"error", ended.status().ToString()}});
      control.Wait(kDatabasePause);
    }
    CountJobs();
    Notify(job->id);
  }
}

std::optional<JobRecord> JobManager::AwaitJob() {
  while (true) {
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && !submitted_) changed_.Wait(mutex_);
      if (stopping_) return std::nullopt;
      submitted_ = false;
    }
    std::optional<JobRecord> job;
    const absl::Status status =
        database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
          GUICHET_ASSIGN_OR_RETURN(job, NextJob(transaction));
          return absl::OkStatus();
        });
    const MutexLock lock(mutex_);
    if (!status.ok()) {
      Log(LogLevel::kError, "database", {{"error", status.ToString()}});
      submitted_ = true;
      clock_.WaitUntil(mutex_, changed_, clock_.Now() + kDatabasePause);
    } else if (job.has_value()) {
      running_ = job->id;
      cancelled_ = job->cancel_asked;
      return job;
    }
  }
}

absl::StatusOr<JobRecord> JobManager::Submit(JobRequest request) {
  GUICHET_ASSIGN_OR_RETURN(TrainingPlan plan, ParseTrainingPlan(request.training.plan, "plan"));
  if (plan.threads == 0) {
    // Written down: a restart on another machine must add in the same order.
    plan.threads = options_.threads > 0
                       ? options_.threads
                       : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  request.training.plan = ToYaml(plan);
  request.training.checkpoint_interval = options_.checkpoint_interval;
  GUICHET_RETURN_IF_ERROR(request.training.Validate());
  JobRecord job;
  const absl::Status stored = database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const auto known, FindJobOfRequest(transaction, request.request_id));
    if (known.has_value()) {
      job = *known;
      if (known->request_sha256 == request.request_sha256) return absl::OkStatus();
      return RequestClash(*known);
    }
    GUICHET_ASSIGN_OR_RETURN(const std::int64_t queued,
                             ::guichet::CountJobs(transaction, JobState::kQueued));
    if (queued >= static_cast<std::int64_t>(options_.max_queued_jobs)) {
      return absl::ResourceExhaustedError(
          fmt::format("training.max_queued_jobs: {} jobs wait already; try again when one has "
                      "ended, or cancel one",
                      queued));
    }
    GUICHET_ASSIGN_OR_RETURN(job.id, NextJobId(transaction));
    request.training.id = job.id;
    if (request.training.include_feedback) {
      GUICHET_ASSIGN_OR_RETURN(request.training.feedback_until, LastFeedbackNumber(transaction));
    }
    job.request_id = request.request_id;
    job.request_sha256 = request.request_sha256;
    job.model = versions_.model();
    job.policy = request.policy;
    job.job_json = ToJson(request.training);
    job.warnings_json = request.warnings_json;
    job.created = ToMicros(clock_.WallNow());
    GUICHET_RETURN_IF_ERROR(InsertJob(transaction, job));
    return AppendAudit(transaction, clock_.WallNow(),
                       {.actor = request.actor, .action = "train", .subject = job.id});
  });
  GUICHET_RETURN_IF_ERROR(stored);
  CountJobs();
  const MutexLock lock(mutex_);
  submitted_ = true;
  changed_.NotifyAll();
  return job;
}

absl::StatusOr<JobView> JobManager::Get(const std::string& id) {
  JobView view;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(auto found, FindJob(transaction, id));
    if (!found.has_value()) return NoSuchJob(id);
    view.record = std::move(*found);
    return absl::OkStatus();
  }));
  const MutexLock lock(mutex_);
  if (running_ == id && !recent_.empty()) view.progress = recent_.back();
  return view;
}

absl::StatusOr<std::vector<JobRecord>> JobManager::List(std::int64_t before, std::int64_t most) {
  std::vector<JobRecord> jobs;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(jobs, ListJobs(transaction, before, most));
    return absl::OkStatus();
  }));
  return jobs;
}

absl::StatusOr<JobRecord> JobManager::Cancel(const std::string& id, const std::string& actor) {
  JobRecord job;
  const absl::Status stored = database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const auto found, FindJob(transaction, id));
    if (!found.has_value()) return NoSuchJob(id);
    job = *found;
    if (HasEnded(job.state)) {
      return absl::FailedPreconditionError(fmt::format("{} has ended: {}", id, NameOf(job.state)));
    }
    job.cancel_asked = true;
    if (job.state == JobState::kQueued) {
      job.state = JobState::kCancelled;
      job.ended = ToMicros(clock_.WallNow());
    }
    GUICHET_RETURN_IF_ERROR(UpdateJob(transaction, job));
    return AppendAudit(transaction, clock_.WallNow(),
                       {.actor = actor, .action = "cancel", .subject = id});
  });
  GUICHET_RETURN_IF_ERROR(stored);
  {
    const MutexLock lock(mutex_);
    if (running_ == id) cancelled_ = true;
    changed_.NotifyAll();
  }
  CountJobs();
  Notify(id);
  return job;
}

std::vector<JobProgress> JobManager::Progress(const std::string& id, std::int64_t sequence,
                                              std::size_t most) {
  {
    const MutexLock lock(mutex_);
    if (running_ == id && !recent_.empty() && recent_.front().sequence <= sequence + 1) {
      std::vector<JobProgress> lines;
      for (const JobProgress& line : recent_) {
        if (line.sequence > sequence && lines.size() < most) lines.push_back(line);
      }
      return lines;
    }
  }
  return JobProgressReader(runner_.FolderOf(id), sequence).Next(most);
}

void JobManager::AddWatcher(const std::string& id, std::weak_ptr<JobWatcher> watcher) {
  const MutexLock lock(mutex_);
  // Also of ids that name no job, which nobody would be told of.
  for (auto entry = watchers_.begin(); entry != watchers_.end();) {
    std::erase_if(entry->second, [](const auto& known) { return known.expired(); });
    entry = entry->second.empty() ? watchers_.erase(entry) : std::next(entry);
  }
  watchers_[id].push_back(std::move(watcher));
}

absl::StatusOr<std::set<std::filesystem::path>> JobManager::NeededDatasets() {
  std::vector<JobRecord> jobs;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(jobs, ListUnendedJobs(transaction));
    return absl::OkStatus();
  }));
  std::set<std::filesystem::path> needed;
  for (const JobRecord& job : jobs) {
    GUICHET_ASSIGN_OR_RETURN(const TrainingJob training, ParseTrainingJob(job.job_json, job.id));
    needed.insert(training.dataset);
  }
  return needed;
}

absl::StatusOr<std::optional<JobRecord>> JobManager::FindRequest(
    const std::string& request_id, const std::string& request_sha256) {
  std::optional<JobRecord> job;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(job, FindJobOfRequest(transaction, request_id));
    return absl::OkStatus();
  }));
  if (!job.has_value() || job->request_sha256 == request_sha256) return job;
  return RequestClash(*job);
}

void JobManager::OnProgress(const std::string& id, const std::vector<JobProgress>& lines) {
  if (lines.empty()) return;
  {
    const MutexLock lock(mutex_);
    for (const JobProgress& line : lines) recent_.push_back(line);
    while (recent_.size() > kRecentLines) recent_.pop_front();
  }
  for (const JobProgress& line : lines) observer_.OnJobProgress(line);
  Notify(id);
}

void JobManager::Notify(const std::string& id) {
  std::vector<std::shared_ptr<JobWatcher>> alive;
  {
    const MutexLock lock(mutex_);
    const auto watchers = watchers_.find(id);
    if (watchers == watchers_.end()) return;
    std::erase_if(watchers->second, [&](const std::weak_ptr<JobWatcher>& watcher) {
      if (auto shared = watcher.lock()) alive.push_back(std::move(shared));
      return watcher.expired();
    });
    if (watchers->second.empty()) watchers_.erase(watchers);
  }
  for (const auto& watcher : alive) watcher->OnNews();
}

void JobManager::CountJobs() {
  const absl::Status status = database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    for (const JobState state : kJobStates) {
      GUICHET_ASSIGN_OR_RETURN(const std::int64_t jobs, ::guichet::CountJobs(transaction, state));
      observer_.OnJobCount(state, jobs);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) Log(LogLevel::kWarning, "database", {{"error", status.ToString()}});
}

}  // namespace guichet
