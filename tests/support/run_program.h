#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace guichet {

struct ProgramRun {
  int exit_code = -1;  // 128 + signal when a signal ended it, as shells count
  std::string out;
  std::string err;

  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    std::istringstream stream(out);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }
};

// A program started with its stdin, stdout and stderr in files. Waits for it at the latest when it
// is destroyed.
class RunningProgram {
 public:
  RunningProgram(const std::vector<std::string>& command, const std::string& input) {
    std::ofstream(Path("in"), std::ios::binary) << input;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, Path("in").c_str(), O_RDONLY, 0);
    constexpr int kCreate = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, 1, Path("out").c_str(), kCreate, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, Path("err").c_str(), kCreate, 0600);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const int error = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("cannot start " + command[0]);
  }
  ~RunningProgram() {
    if (pid_ != 0) Wait();
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void Signal(int signal) const { ::kill(pid_, signal); }

  ProgramRun Wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    ProgramRun run;
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run.out = Read("out");
    run.err = Read("err");
    return run;
  }

 private:
  std::string Path(const char* name) const { return (folder_.path() / name).string(); }
  std::string Read(const char* name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name), std::ios::binary).rdbuf();
    return text.str();
  }

  TempFolder folder_;
  pid_t pid_ = 0;
};

inline ProgramRun RunProgram(const std::vector<std::string>& command,
                             const std::string& input = "") {
  return RunningProgram(command, input).Wait();
}

}  // namespace guichet
