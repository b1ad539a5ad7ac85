#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace guichet {

// The real guichet-server as a process of its own. Its stderr goes to a file. Killed when it still
// runs at the end of the scope.
class ServerProcess {
 public:
  // Starts it over `bundle` on 127.0.0.1 with free ports and waits for its ready line. Throws
  // std::runtime_error with the log when it ends instead.
  explicit ServerProcess(const std::filesystem::path& bundle,
                         const std::vector<std::string>& more_arguments = {});
  // As above on a given port.
  ServerProcess(const std::filesystem::path& bundle, int grpc_port,
                const std::vector<std::string>& more_arguments = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int grpc_port() const { return grpc_port_; }
  int http_port() const { return http_port_; }
  std::string target() const { return "127.0.0.1:" + std::to_string(grpc_port_); }

  int pid() const { return pid_; }
  void Signal(int signal) const;
  // The exit code, or 128 + the signal that ended it.
  int Wait();
  // SIGTERM and Wait.
  int Stop();

  // Waits until its log holds `words`. Throws std::runtime_error with the log when it ends before.
  void AwaitLog(const std::string& words) const;

  // All it wrote: stdout so far (its ready line), and stderr.
  std::string output() const;
  std::string log() const;

 private:
  void Spawn(const std::vector<std::string>& arguments);
  void AwaitReady();

  const TempFolder folder_;
  int stdout_ = -1;
  std::string ready_line_;
  std::string rest_of_output_;
  int pid_ = 0;
  int grpc_port_ = 0;
  int http_port_ = 0;
};

// A bundle of the golden tiny model (full vocabulary, five labels), made once a process.
const std::filesystem::path& GoldenBundle();

}  // namespace guichet
