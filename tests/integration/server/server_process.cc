#include "tests/integration/server/server_process.h"

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/bundle/model_bundle.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

int PortAfter(const std::string& line, const std::string& words) {
  const std::size_t at = line.find(words);
  if (at == std::string::npos) return 0;
  const std::size_t colon = line.find(':', at);
  return std::stoi(line.substr(colon + 1));
}

}  // namespace

ServerProcess::ServerProcess(const std::filesystem::path& bundle,
                             const std::vector<std::string>& more_arguments)
    : ServerProcess(bundle, 0, more_arguments) {}

ServerProcess::ServerProcess(const std::filesystem::path& bundle, int grpc_port,
                             const std::vector<std::string>& more_arguments) {
  std::vector<std::string> arguments = {"guichet-server",
                                        "--model.path",
                                        bundle.string(),
                                        "--server.address",
                                        "127.0.0.1:" + std::to_string(grpc_port),
                                        "--server.http_address",
                                        "127.0.0.1:0"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  Spawn(arguments);
  AwaitReady();
}

ServerProcess::~ServerProcess() {
  if (pid_ != 0) {
    Signal(SIGKILL);
    Wait();
  }
  ::close(stdout_);
}

void ServerProcess::Spawn(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, (folder_.path() / "log").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::vector<char*> argv;
  for (const std::string& word : arguments) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int error =
      posix_spawn(&pid_, GUICHET_SERVER_PROGRAM, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  stdout_ = ends[0];
  if (error != 0) throw std::runtime_error("cannot start " GUICHET_SERVER_PROGRAM);
}

void ServerProcess::AwaitReady() {
  for (char letter = 0; ::read(stdout_, &letter, 1) == 1 && letter != '\n';) {
    ready_line_.push_back(letter);
  }
  grpc_port_ = PortAfter(ready_line_, "listening on ");
  http_port_ = PortAfter(ready_line_, "metrics on ");
  if (grpc_port_ == 0) {
    Wait();
    throw std::runtime_error("the server did not start: " + ready_line_ + "\n" + log());
  }
}

void ServerProcess::Signal(int signal) const { ::kill(pid_, signal); }

int ServerProcess::Wait() {
  for (char letter = 0; ::read(stdout_, &letter, 1) == 1;) rest_of_output_.push_back(letter);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int ServerProcess::Stop() {
  Signal(SIGTERM);
  return Wait();
}

void ServerProcess::AwaitLog(const std::string& words) const {
  while (true) {
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (log().find(words) != std::string::npos) return;
    if (ended.si_pid != 0) {
      throw std::runtime_error("the server ended without '" + words + "' in its log:\n" + log());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::string ServerProcess::output() const { return ready_line_ + "\n" + rest_of_output_; }

std::string ServerProcess::log() const {
  std::ostringstream text;
  text << std::ifstream(folder_.path() / "log").rdbuf();
  return text.str();
}

const std::filesystem::path& GoldenBundle() {
  static const TempFolder& folder = *new TempFolder();
  static const std::filesystem::path bundle = [] {
    const auto made = ImportBundle(UnpackTestArchive("goldens/tiny_e2e.tar.xz") / "model",
                                   folder.path() / "tickets", {});
    if (!made.ok()) throw std::runtime_error(std::string(made.status().message()));
    return folder.path() / "tickets";
  }();
  return bundle;
}

}  // namespace guichet
