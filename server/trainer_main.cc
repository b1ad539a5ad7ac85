// guichet-trainer: fine-tunes one job in a process of its own, so that nothing it does touches the
// server. Started by the server, or by hand.

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "model/finetuning/run_training_job.h"
#include "model/training/launch_place.h"
#include "model/training/process_group.h"

namespace guichet {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitSuspended = 75;  // EX_TEMPFAIL: start it again to go on

// Lock-free, so that a signal handler may set them.
std::atomic<bool> g_suspend{false};
std::atomic<bool> g_cancel{false};

void Suspend(int) { g_suspend = true; }
void Cancel(int) { g_cancel = true; }

int Fail(const std::string& message) {
  std::fprintf(stderr, "guichet-trainer: %s\n", message.c_str());
  return kExitFailed;
}

void Warn(const std::string& line) {
  std::fprintf(stderr, "guichet-trainer: warning: %s\n", line.c_str());
}

// The processes that share the job, or null: this one alone.
absl::StatusOr<std::unique_ptr<ProcessGroup>> JoinPeers(const std::optional<LaunchPlace>& place) {
  if (!place) return nullptr;
  return ProcessGroup::Join(*place);
}

int RunJob(const std::string& folder, std::vector<TrackerPlace> track) {
  const auto place = PlaceFromEnvironment([](const char* name) { return std::getenv(name); });
  if (!place.ok()) return Fail(place.status().ToString());
  // Two processes of one rank on one job would tear its checkpoints.
  const int rank = *place ? (*place)->rank : 0;
  const std::string name = folder + "/lock" + (rank == 0 ? "" : "-" + std::to_string(rank));
  const int lock = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) {
    return Fail("cannot open " + name + ": " + std::strerror(errno) + "; is it a job's folder?");
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return Fail("another process works on " + folder + "; wait until it ends");
  }
  const auto peers = JoinPeers(*place);
  if (!peers.ok()) return Fail(peers.status().ToString());
  const auto outcome = RunTrainingJob(folder, {.suspend = [] { return g_suspend.load(); },
                                               .cancel = [] { return g_cancel.load(); },
                                               .peers = peers->get(),
                                               .track = std::move(track),
                                               .warn = Warn});
  if (absl::IsAborted(outcome.status()) ||
      (*peers != nullptr && absl::IsUnavailable(outcome.status()))) {
    std::fprintf(stderr, "guichet-trainer: %s\n", std::string(outcome.status().message()).c_str());
    return kExitSuspended;
  }
  if (!outcome.ok()) return Fail(outcome.status().ToString());
  if (!outcome->status.ok()) return Fail(outcome->status.ToString());
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Fine-tunes a classifier as a job folder says; the outcome is outcome.json there. Several "
      "processes share the work when torchrun's variables (RANK, WORLD_SIZE, MASTER_ADDR, "
      "MASTER_PORT) or Kubeflow's (PET_*) say so; the folder is then one that all of them see. "
      "SIGTERM and SIGINT suspend the job, SIGUSR1 cancels it. "
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 75 suspended or left by another process: start "
      "it again to go on.",
      "guichet-trainer");
  std::string folder;
  std::string track;
  pid_t parent = 0;
  app.set_version_flag("--version", std::string("guichet-trainer ") + GUICHET_VERSION);
  app.add_option("--job", folder, "the job's folder")->required()->type_name("DIR");
  app.add_option("--track", track, "where the run is written down as well")
      ->type_name(kTrackForm)
      ->check([](const std::string& text) { return std::string(CheckTrackers(text).message()); });
  app.add_option(
         "--with-parent", parent,
         "die with the process of this number; it must have started this one, from a thread "
         "that lives as long")
      ->type_name("PID")
      ->check(CLI::PositiveNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : kExitUsage;
  }
  if (parent != 0) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return Fail("cannot ask to die with the parent");
    if (::getppid() != parent) return Fail("the process that started this one is gone");
  }
  std::signal(SIGTERM, Suspend);
  std::signal(SIGINT, Suspend);
  std::signal(SIGUSR1, Cancel);
  return RunJob(folder, *ParseTrackers(track));
}

}  // namespace
}  // namespace guichet

int main(int argc, char** argv) { return guichet::Main(argc, argv); }
