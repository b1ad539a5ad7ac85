// guichet-server: configuration, signals, and the server's life from start to drain.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "absl/synchronization/mutex.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "model/hub/model_folder.h"
#include "model/inference/text_classifier.h"
#include "model/inference/text_generator.h"
#include "server/config/load_server_config.h"
#include "server/server.h"
#include "server/telemetry/log.h"

namespace guichet {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitKilled = 130;  // by a signal, before the drain was over

// Signals as events: they are blocked in every thread, and one thread waits for them. The first
// SIGTERM or SIGINT asks for a drain, or ends a start; a second one ends the process at once.
// SIGHUP calls `reload`.
class SignalWatch {
 public:
  SignalWatch() {
    sigemptyset(&signals_);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals_, number);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::thread([this] { Watch(); }).detach();  // lives as long as the process
  }

  // From now on SIGHUP reloads and the first SIGTERM drains.
  void OnServing(std::function<void()> reload) {
    const MutexLock lock(mutex_);
    reload_ = std::move(reload);
    serving_ = true;
  }
  void AwaitStop() {
    const MutexLock lock(mutex_);
    while (!stop_) changed_.Wait(mutex_);
    reload_ = nullptr;
  }

 private:
  void Watch() {
    while (true) {
      int number = 0;
      if (sigwait(&signals_, &number) != 0) continue;
      const MutexLock lock(mutex_);
      if (number == SIGHUP) {
        if (reload_) reload_();
        continue;
      }
      if (!serving_ || stop_) ::_exit(kExitKilled);
      stop_ = true;
      changed_.NotifyAll();
    }
  }

  sigset_t signals_{};
  Mutex mutex_;
  ConditionVariable changed_;
  bool serving_ GUICHET_GUARDED_BY(mutex_) = false;
  bool stop_ GUICHET_GUARDED_BY(mutex_) = false;
  std::function<void()> reload_ GUICHET_GUARDED_BY(mutex_);
};

// glibc grows its heaps by the large buffers of batches and, their sizes varying, rarely gives any
// of it back: the process would swell to several times its weights. Mapped, they leave with the
// batch.
void KeepHeapSmall() {
  ::mallopt(M_MMAP_THRESHOLD, 2 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 32 << 20);
}

ModelLoader BundleLoader(const ServerConfig& config) {
  const DeviceOptions device{.device = config.model.device, .dtype = config.model.dtype};
  const int threads = config.pipeline.threads_per_worker;
  return [device, threads](const std::filesystem::path& path)
             -> absl::StatusOr<std::shared_ptr<const TextClassifier>> {
    SetInferenceThreads(threads);
    GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(path));
    return LoadTextClassifier(*bundle, device);
  };
}

absl::StatusOr<std::shared_ptr<const TextGenerator>> LoadGenerator(
    const GenerationServiceOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(const auto folder, ResolveModelFolder(options.model));
  auto loaded = LoadTextGenerator(folder.path, {.device = options.device, .dtype = "auto"});
  if (!loaded.ok()) {
    return absl::Status(
        loaded.status().code(),
        fmt::format("generation.model: {}", std::string(loaded.status().message())));
  }
  if (!(*loaded)->has_tokenizer()) {
    return absl::FailedPreconditionError(
        fmt::format("generation.model: {} has no tokenizer files; add those of its repository",
                    folder.path.string()));
  }
  return loaded;
}

// Each connection costs a descriptor; running out of them kills gRPC's listener for good.
void RaiseFileLimit() {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void Reload(const std::vector<std::string>& arguments, Server& server) {
  const absl::StatusOr<ServerConfig> config = LoadServerConfig(arguments, ProcessEnvironment());
  absl::Status status = config.status();
  if (status.ok()) status = SetLogLevel(config->log.level);
  status.Update(server.ReloadCertificates());
  if (status.ok()) {
    Log(LogLevel::kInfo, "reloaded the log level and the certificates");
  } else {
    Log(LogLevel::kError, "reload failed; what was in use stays",
        {{"error", std::string(status.message())}});
  }
}

std::string WithPort(const std::string& address, int port) {
  return fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
}

void PrintReady(const ServerConfig& config, const Server& server) {
  fmt::print("guichet-server: listening on {}{}\n",
             WithPort(config.server.address, server.grpc_port()),
             server.http_port() == 0
                 ? ""
                 : ", metrics on " + WithPort(config.server.http_address, server.http_port()));
  std::fflush(stdout);
}

int Fail(const absl::Status& status, int code) {
  fmt::print(stderr, "guichet-server: {}\n", std::string(status.message()));
  return code;
}

int Run(ServerConfig config, const std::vector<std::string>& arguments) {
  // Never destroyed: its thread lives until the process ends.
  static SignalWatch& signals = *new SignalWatch();
  RaiseFileLimit();
  KeepHeapSmall();
  // abseil as distributions build it looks for deadlocks at every lock, which gRPC's calls pay for.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (absl::Status status = StartLog(config.log.format, config.log.level); !status.ok()) {
    return Fail(status, kExitUsage);
  }
  const absl::StatusOr<bool> gpu = RunsOnGpu(config.model.device);
  if (!gpu.ok()) return Fail(gpu.status(), kExitFailed);
  config.pipeline = config.pipeline.ForDevice(
      *gpu, std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
  Server server(config, {.loader = BundleLoader(config),
                         .on_worker_start = SetInferenceThreads,
                         .generator_loader = LoadGenerator,
                         .version = GUICHET_VERSION});
  if (absl::Status status = server.Start(); !status.ok()) return Fail(status, kExitFailed);
  // Before the ready line: who reads it may send a signal at once.
  signals.OnServing([&arguments, &server] { Reload(arguments, server); });
  PrintReady(config, server);
  signals.AwaitStop();
  Log(LogLevel::kInfo, "draining", {{"timeout_ms", config.server.drain_timeout.count()}});
  server.Drain(config.server.drain_notice, config.server.drain_timeout);
  Log(LogLevel::kInfo, "stopped");
  return 0;
}

int Main(const std::vector<std::string>& arguments) {
  const ServerAction action = ServerActionOf(arguments);
  if (action == ServerAction::kShowHelp) {
    fmt::print("{}", ServerHelp());
    return 0;
  }
  if (action == ServerAction::kShowVersion) {
    fmt::print("guichet-server {}\n", GUICHET_VERSION);
    return 0;
  }
  if (action == ServerAction::kPrintDefaultConfig) {
    fmt::print("{}", DefaultConfigYaml());
    return 0;
  }
  const absl::StatusOr<ServerConfig> config = LoadServerConfig(arguments, ProcessEnvironment());
  if (!config.ok()) return Fail(config.status(), kExitUsage);
  if (action == ServerAction::kCheckConfig) {
    fmt::print("the configuration is valid\n");
    return 0;
  }
  // protobuf reports broken messages of clients on stderr, past our log; callers get an error.
  google::protobuf::SetLogHandler(nullptr);
  const int code = Run(*config, arguments);
  StopLog();
  return code;
}

}  // namespace
}  // namespace guichet

int main(int argc, char** argv) {
  return guichet::Main(std::vector<std::string>(argv + 1, argv + argc));
}
