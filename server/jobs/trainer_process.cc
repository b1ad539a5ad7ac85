#include "server/jobs/trainer_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/text/utf8.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLogFile = "trainer.log";
constexpr std::size_t kMaxLineBytes = 200;
constexpr int kLowNice = 19;

// posix_spawn's attributes, freed with the scope.
class SpawnSettings {
 public:
  explicit SpawnSettings(const fs::path& log) {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    // The server's own threads block the signals that end it; the trainer hears them. A group of
    // its own keeps a terminal's Ctrl-C from it: the server decides.
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  int Spawn(pid_t* pid, std::vector<char*>& arguments, std::vector<char*>& environment) {
    return posix_spawn(pid, arguments[0], &actions_, &attributes_, arguments.data(),
                       environment.data());
  }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Of the process's first thread, before it has others: they inherit it. posix_spawn knows no
// SCHED_IDLE. Best effort: where it is forbidden the trainer only competes more.
void LowerPriority(pid_t pid, const std::string& priority) {
  const sched_param parameters{};
  // A task of SCHED_IDLE computes only while no other one wants to, and gives way at once.
  if (priority == "idle") (void)::sched_setscheduler(pid, SCHED_IDLE, &parameters);
  if (priority == "low") (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), kLowNice);
}

// Threads that wait for each other by spinning would take the cores from the service.
std::vector<std::string> Environment() {
  constexpr std::string_view kWaitPolicy = "OMP_WAIT_POLICY=";
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with(kWaitPolicy)) variables.emplace_back(*variable);
  }
  variables.push_back(std::string(kWaitPolicy) + "passive");
  return variables;
}

// Where memory runs out for the machine or the container, this one goes and the service stays. Best
// effort, as above.
void GoFirstWhenMemoryRunsOut(pid_t pid) {
  std::ofstream(fmt::format("/proc/{}/oom_score_adj", pid)) << "1000\n";
}

}  // namespace

std::string TrainerExit::Describe() const {
  if (signal == 0) return fmt::format("ended with code {}", code);
  std::string words = fmt::format("was killed by signal {} ({})", signal, ::strsignal(signal));
  if (signal == SIGKILL) words += ", as the kernel does when memory runs out";
  return words;
}

absl::StatusOr<std::unique_ptr<TrainerProcess>> TrainerProcess::Start(const TrainerOptions& options,
                                                                      const fs::path& job) {
  std::vector<std::string> words = {options.program.string(), "--job", job.string(),
                                    "--with-parent", std::to_string(::getpid())};
  if (!options.track.empty()) words.insert(words.end(), {"--track", options.track});
  std::vector<std::string> variables = Environment();
  std::vector<char*> arguments = Pointers(words);
  std::vector<char*> environment = Pointers(variables);
  SpawnSettings settings(job / kLogFile);
  pid_t pid = 0;
  const int error = settings.Spawn(&pid, arguments, environment);
  if (error != 0) {
    return absl::FailedPreconditionError(fmt::format(
        "cannot start {}: {}; training.trainer names the program", words[0], std::strerror(error)));
  }
  LowerPriority(pid, options.priority);
  GoFirstWhenMemoryRunsOut(pid);
  return std::unique_ptr<TrainerProcess>(new TrainerProcess(pid));
}

TrainerProcess::~TrainerProcess() {
  if (exit_.has_value()) return;
  Kill();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

void TrainerProcess::Suspend() {
  if (!exit_.has_value()) ::kill(pid_, SIGTERM);
}

void TrainerProcess::Cancel() {
  if (!exit_.has_value()) ::kill(pid_, SIGUSR1);
}

void TrainerProcess::Kill() {
  if (!exit_.has_value()) ::kill(pid_, SIGKILL);
}

std::optional<TrainerExit> TrainerProcess::Poll() {
  if (exit_.has_value()) return exit_;
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == pid_) {
    exit_ = WIFSIGNALED(status) ? TrainerExit{.code = 0, .signal = WTERMSIG(status)}
                                : TrainerExit{.code = WEXITSTATUS(status), .signal = 0};
  } else if (ended < 0 && errno != EINTR) {
    exit_ = TrainerExit{.code = 1, .signal = 0};  // somebody else awaited it
  }
  return exit_;
}

std::string LastLogLine(const fs::path& job) {
  std::ifstream file(job / kLogFile, std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::int64_t>(file.tellg());
  constexpr std::int64_t kTail = 4096;
  file.seekg(std::max<std::int64_t>(0, size - kTail));
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) last = line;
  }
  return ReplaceInvalidUtf8(last.substr(0, kMaxLineBytes));
}

}  // namespace guichet
