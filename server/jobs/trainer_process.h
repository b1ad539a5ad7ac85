#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "absl/status/statusor.h"

namespace guichet {

// How a trainer ended.
struct TrainerExit {
  int code = 0;    // exit code; with `signal` without meaning
  int signal = 0;  // that ended it; 0: none

  static constexpr int kSuspended = 75;  // wrote a checkpoint and ended, as it was asked to

  std::string Describe() const;  // "ended with code 1", "was killed by signal 9 …"
};

struct TrainerOptions {
  std::filesystem::path program;  // guichet-trainer
  std::string priority = "idle";  // idle, low, normal
  std::string track = {};         // its --track; empty: none
};

// guichet-trainer at work on a job folder, a process of its own. Dies with the thread that started
// it. Used by that thread; the destructor kills and awaits it.
class TrainerProcess {
 public:
  // stdout and stderr go to trainer.log in the folder. FAILED_PRECONDITION: it cannot be started.
  static absl::StatusOr<std::unique_ptr<TrainerProcess>> Start(const TrainerOptions& options,
                                                               const std::filesystem::path& job);
  ~TrainerProcess();
  TrainerProcess(const TrainerProcess&) = delete;
  TrainerProcess& operator=(const TrainerProcess&) = delete;

  // Asks it to write a checkpoint and end.
  void Suspend();
  // Asks it to end the job where it is tracked, and then itself.
  void Cancel();
  void Kill();
  // Nothing while it runs.
  std::optional<TrainerExit> Poll();

 private:
  explicit TrainerProcess(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
  std::optional<TrainerExit> exit_;
};

// The last line of a job's trainer.log, cut to what a message may hold; "" without one.
std::string LastLogLine(const std::filesystem::path& job);

}  // namespace guichet
