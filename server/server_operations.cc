#include "server/server_operations.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "server/feedback/quality_watch.h"
#include "server/rpc/feedback_service.h"
#include "server/rpc/models_service.h"
#include "server/rpc/training_service.h"
#include "server/store/database.h"
#include "server/telemetry/job_metrics.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// Calls of operators at work, and those that wait for a thread.
constexpr int kReadThreads = 4;
constexpr int kScanThreads = 2;
constexpr std::size_t kMaxWaitingCalls = 256;

// A folder held by one server: two would both run its jobs.
class FolderLock {
 public:
  static absl::StatusOr<FolderLock> Take(const fs::path& folder) {
    absl::Status made = MakeFoldersDurably(folder);
    const int file =
        made.ok() ? ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (made.ok() && file < 0) made = FileError("open", folder / "lock", errno);
    if (!made.ok()) {
      return absl::FailedPreconditionError(
          fmt::format("training.folder: {}", std::string(made.message())));
    }
    FolderLock lock(file);
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
    return absl::FailedPreconditionError(
        fmt::format("training.folder: another server uses {}; stop it or choose another folder",
                    folder.string()));
  }
  FolderLock() = default;
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FolderLock() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_ = -1;
};

absl::StatusOr<fs::path> FindTrainer(const std::string& configured) {
  std::error_code error;
  fs::path program = configured.empty() ? fs::read_symlink("/proc/self/exe", error).parent_path() /
                                              "guichet-trainer"
                                        : fs::path(configured);
  if (::access(program.c_str(), X_OK) == 0) return program;
  return absl::FailedPreconditionError(
      fmt::format("training.trainer: {} is no program that can be run; name guichet-trainer",
                  program.string()));
}

// Absolute: it is remembered, and the next server may be started from elsewhere.
fs::path VersionsFolder(const std::string& training_folder) {
  return training_folder.empty() ? fs::path() : fs::absolute(training_folder) / "versions";
}

}  // namespace

// Members are destroyed in reverse: services, pools, jobs, versions, database, lock.
struct ServerOperations::State {
  State(const ServerConfig& given_config, RpcEnvironment& rpc, ModelRegistry& models,
        prometheus::Registry& registry, FolderLock given_lock,
        std::unique_ptr<Database> given_database)
      : config(given_config),
        lock(std::move(given_lock)),
        database(std::move(given_database)),
        versions(*database, models,
                 {.folder = VersionsFolder(config.training.folder),
                  .keep_versions = config.training.keep_versions},
                 rpc.clock),
        metrics(registry),
        feedback_metrics(registry),
        feedback(config.feedback, *database, versions, models, rpc.clock),
        quality(config.feedback, *database, models, rpc.clock),
        scans("scans", kScanThreads, kMaxWaitingCalls),
        reads("operators", kReadThreads, kMaxWaitingCalls),
        changes("versions", 1, kMaxWaitingCalls),
        environment{.rpc = rpc,
                    .database = *database,
                    .versions = versions,
                    .dataset_roots = config.training.dataset_roots,
                    .upload_idle_timeout = config.training.upload_idle_timeout,
                    .streams = streams,
                    .scans = scans,
                    .reads = reads,
                    .changes = changes},
        training_service(environment, registry),
        models_service(environment, registry),
        feedback_service(environment, registry) {}

  absl::Status OpenJobs();

  const ServerConfig config;
  FolderLock lock;
  const std::unique_ptr<Database> database;
  VersionControl versions;
  JobMetrics metrics;
  FeedbackMetrics feedback_metrics;
  FeedbackLog feedback;
  QualityWatch quality;
  std::unique_ptr<PredictionRecorder> predictions;  // null: none are kept
  std::unique_ptr<JobManager> jobs;                 // null without training.folder
  std::unique_ptr<DatasetStore> datasets;           // null without training.folder
  OpenStreams streams;
  WorkPool scans;
  WorkPool reads;
  WorkPool changes;
  OperatorEnvironment environment;
  TrainingService training_service;
  ModelsService models_service;
  FeedbackService feedback_service;
};

absl::Status ServerOperations::State::OpenJobs() {
  const TrainingOptions& training = config.training;
  if (training.folder.empty()) return absl::OkStatus();
  const fs::path folder = training.folder;
  GUICHET_ASSIGN_OR_RETURN(const fs::path trainer, FindTrainer(training.trainer));
  jobs = std::make_unique<JobManager>(
      JobManagerOptions{.runner = {.folder = fs::absolute(folder) / "jobs",
                                   .trainer = {.program = trainer,
                                               .priority = training.priority,
                                               .track = training.track},
                                   .max_crashes = training.max_crashes},
                        .max_queued_jobs = training.max_queued_jobs,
                        .checkpoint_interval = training.checkpoint_interval,
                        .threads = training.threads},
      JobManagerParts{.database = *database,
                      .versions = versions,
                      .observer = metrics,
                      .clock = environment.rpc.clock});
  GUICHET_ASSIGN_OR_RETURN(
      datasets,
      DatasetStore::Open(fs::absolute(folder) / "datasets",
                         {.max_dataset_bytes = static_cast<std::int64_t>(training.max_dataset_size),
                          .max_total_bytes = static_cast<std::int64_t>(training.max_datasets_size)},
                         [this] { return jobs->NeededDatasets(); }));
  environment.jobs = jobs.get();
  environment.datasets = datasets.get();
  environment.feedback = &feedback;
  if (config.feedback.max_predictions > 0) {
    predictions = std::make_unique<PredictionRecorder>(config.feedback, *database, feedback_metrics,
                                                       environment.rpc.clock);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ServerOperations>> ServerOperations::Open(
    const ServerConfig& config, RpcEnvironment& rpc, ModelRegistry& models,
    prometheus::Registry& metrics) {
  FolderLock lock;
  fs::path file;
  if (!config.training.folder.empty()) {
    const fs::path folder = config.training.folder;
    GUICHET_ASSIGN_OR_RETURN(lock, FolderLock::Take(folder));
    file = folder / "guichet.db";
  }
  GUICHET_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(file));
  auto state =
      std::make_unique<State>(config, rpc, models, metrics, std::move(lock), std::move(database));
  GUICHET_RETURN_IF_ERROR(state->OpenJobs());
  return std::unique_ptr<ServerOperations>(new ServerOperations(std::move(state)));
}

ServerOperations::ServerOperations(std::unique_ptr<State> state) : state_(std::move(state)) {}

ServerOperations::~ServerOperations() { StopJobs(); }

absl::Status ServerOperations::LoadModel() {
  return state_->versions.Start(state_->config.model.path, state_->config.model.name);
}

void ServerOperations::RegisterServices(grpc::ServerBuilder& builder) {
  builder.RegisterService(&state_->training_service);
  builder.RegisterService(&state_->models_service);
  builder.RegisterService(&state_->feedback_service);
}

PredictionRecorder* ServerOperations::predictions() { return state_->predictions.get(); }

void ServerOperations::Start() {
  state_->changes.Post(1, [this] { state_->versions.LoadPrevious(); });
  if (state_->jobs != nullptr) state_->jobs->Start();
  if (state_->predictions != nullptr) state_->predictions->Start();
  state_->quality.Start();
}

void ServerOperations::StopJobs() {
  if (state_->jobs != nullptr) state_->jobs->Stop();
}

void ServerOperations::EndStreams() { state_->streams.Drain(); }

}  // namespace guichet
