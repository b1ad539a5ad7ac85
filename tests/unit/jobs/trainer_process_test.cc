#include "server/jobs/trainer_process.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Shell scripts in the trainer's place.
class TrainerProcessTest : public ::testing::Test {
 protected:
  TrainerOptions Script(const std::string& lines, const std::string& priority = "normal") {
    const fs::path program = folder_.path() / "program";
    std::ofstream(program) << "#!/bin/sh\n" << lines << "\n";
    ::chmod(program.c_str(), 0755);
    return {.program = program, .priority = priority};
  }
  static TrainerExit Wait(TrainerProcess& process) {
    while (true) {
      if (const auto exit = process.Poll()) return *exit;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  std::string Log() const {
    std::string text;
    std::getline(std::ifstream(folder_.path() / "trainer.log"), text, '\0');
    return text;
  }

  const TempFolder folder_;
};

TEST_F(TrainerProcessTest, IsToldItsJobAndItsParentAndItsWordsAreKept) {
  const auto process =
      TrainerProcess::Start(Script("echo \"$@\"; echo $OMP_WAIT_POLICY >&2"), folder_.path());
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(Wait(**process).code, 0);
  EXPECT_EQ(Log(), "--job " + folder_.path().string() + " --with-parent " +
                       std::to_string(::getpid()) + "\npassive\n");
  EXPECT_EQ(LastLogLine(folder_.path()), "passive");
}

TEST_F(TrainerProcessTest, ExitsAreToldApart) {
  auto process = TrainerProcess::Start(Script("exit 7"), folder_.path());
  const TrainerExit failed = Wait(**process);
  EXPECT_EQ(failed.code, 7);
  EXPECT_EQ(failed.Describe(), "ended with code 7");
  process = TrainerProcess::Start(Script("kill -9 $$"), folder_.path());
  const TrainerExit killed = Wait(**process);
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_THAT(killed.Describe(), HasSubstr("memory"));
}

TEST_F(TrainerProcessTest, IsSuspendedBySigtermAlsoWhenTheServerBlocksIt) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto process = TrainerProcess::Start(
      Script("trap 'exit 75' TERM\necho ready\nwhile :; do :; done"), folder_.path());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(process.ok()) << process.status();
  while (Log().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  (*process)->Suspend();
  EXPECT_EQ(Wait(**process).code, TrainerExit::kSuspended);
}

TEST_F(TrainerProcessTest, AnIdleOneComputesWhileNobodyElseDoes) {
  const auto process =
      TrainerProcess::Start(Script("echo $$\nwhile :; do :; done", "idle"), folder_.path());
  ASSERT_TRUE(process.ok()) << process.status();
  while (Log().find('\n') == std::string::npos) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(::sched_getscheduler(std::stoi(Log())), SCHED_IDLE);
}

TEST_F(TrainerProcessTest, GoesBeforeTheServiceWhenMemoryRunsOut) {
  const auto process = TrainerProcess::Start(
      Script("until grep -qx 1000 /proc/self/oom_score_adj; do :; done"), folder_.path());
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(Wait(**process).code, 0);
}

TEST_F(TrainerProcessTest, AProgramThatIsNotThereIsNamed) {
  const auto process =
      TrainerProcess::Start({.program = folder_.path() / "absent"}, folder_.path());
  EXPECT_TRUE(absl::IsFailedPrecondition(process.status())) << process.status();
  EXPECT_THAT(std::string(process.status().message()), HasSubstr("training.trainer"));
}

TEST_F(TrainerProcessTest, DiesWithItsScope) {
  pid_t child = 0;
  {
    const auto process =
        TrainerProcess::Start(Script("echo $$\nwhile :; do :; done"), folder_.path());
    while (Log().find('\n') == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    child = std::stoi(Log());
    EXPECT_EQ(::kill(child, 0), 0);
  }
  EXPECT_NE(::kill(child, 0), 0);
}

}  // namespace
}  // namespace guichet
