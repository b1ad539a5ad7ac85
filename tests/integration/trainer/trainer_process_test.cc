// Whole jobs through the real guichet-trainer: killed, suspended, damaged.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/random.h"
#include "model/bundle/model_bundle.h"
#include "model/finetuning/training_job.h"
#include "tests/support/free_port.h"
#include "tests/support/job_folder.h"
#include "tests/support/json_file.h"
#include "tests/support/run_program.h"
#include "tests/support/small_ticket_model.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Milliseconds = std::chrono::milliseconds;

constexpr int kKilled = 128 + SIGKILL;
constexpr int kSuspended = 75;

class TrainerProcessTest : public ::testing::Test {
 protected:
  // One base and one set of tickets for all tests.
  static void SetUpTestSuite() {
    shared_ = new TempFolder();
    WriteSmallTicketModel(Base());
    WriteTickets(Dataset(), 300, 3);
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }

  static fs::path Base() { return shared_->path() / "base"; }
  static fs::path Dataset() { return shared_->path() / "tickets.jsonl"; }

  // A job that checkpoints after every update.
  fs::path MakeJob(const std::string& name, const fs::path& dataset = Dataset()) {
    const fs::path folder = folder_.path() / name;
    fs::create_directory(folder);
    TrainingJob job;
    job.id = name;
    job.dataset = dataset;
    job.base = Base();
    job.live = Base();
    job.model = "tickets";
    job.plan =
        "epochs: 2\nbatch_size: 16\nlearning_rate: 0.005\nthreads: 1\ndevice: cpu\n"
        "ema_decay: 0.9\ntoken_dropout: 0.1\n";
    job.checkpoint_interval = Milliseconds(0);
    EXPECT_TRUE(WriteTrainingJob(job, {}, folder).ok());
    return folder;
  }

  static std::vector<std::string> Command(const fs::path& job) {
    return {GUICHET_TRAINER, "--job", job.string()};
  }

  // The hash of the weights that a job ended with.
  static std::string WeightsOf(const fs::path& job) {
    const auto outcome = ReadTrainingOutcome(job);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return {};
    EXPECT_TRUE(outcome->status.ok()) << outcome->status;
    return nlohmann::json::parse(outcome->summary_json).value("weights_sha256", "");
  }

  TempFolder folder_;
  static inline TempFolder* shared_ = nullptr;
};

TEST_F(TrainerProcessTest, LeavesACandidateAVerdictAndItsProgress) {
  const fs::path job = MakeJob("whole");
  const ProgramRun run = RunProgram(Command(job));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto outcome = ReadTrainingOutcome(job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const auto summary = nlohmann::json::parse(outcome->summary_json);
  EXPECT_EQ(outcome->training_rows + outcome->validation_rows + outcome->holdout_rows +
                summary.value("near_holdout_rows", 0),
            300);
  const auto gate = nlohmann::json::parse(outcome->gate_json);
  EXPECT_EQ(gate["rows"], outcome->holdout_rows);
  EXPECT_EQ(gate["verdict"], NameOf(outcome->verdict));
  EXPECT_FALSE(gate["reasons"].empty());
  const auto candidate = ModelBundle::Open(job / kCandidateFolder);
  ASSERT_TRUE(candidate.ok()) << candidate.status();
  EXPECT_EQ((*candidate)->manifest().name, "tickets");
  EXPECT_EQ(static_cast<std::int64_t>(ReadHoldoutKeys(job, true)->size()), outcome->holdout_rows);

  const auto progress = JobProgressReader(job).Next(10'000);
  ASSERT_GT(progress.size(), 4U);
  std::int64_t sequence = 0;
  for (const JobProgress& line : progress) EXPECT_EQ(line.sequence, ++sequence);
  EXPECT_EQ(progress.front().stage, "read");
  EXPECT_EQ(progress.back().stage, "done");

  // Asked again it trains nothing and says the same.
  const auto before = fs::last_write_time(job / "outcome.json");
  EXPECT_EQ(RunProgram(Command(job)).exit_code, 0);
  EXPECT_EQ(fs::last_write_time(job / "outcome.json"), before);
}

TEST_F(TrainerProcessTest, TheReportJudgesEveryModelOnTheHeldOutRows) {
  const fs::path job = MakeJob("reported");
  {
    TrainingJob asked = ReadTrainingJob(job).value();
    asked.plan += "promised_precision: 0.5\n";
    ASSERT_TRUE(WriteTrainingJob(asked, {}, job).ok());
  }
  const ProgramRun run = RunProgram(Command(job));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto outcome = ReadTrainingOutcome(job).value();
  const auto report = ReadJsonFile(job / kCandidateFolder / "report.json");
  EXPECT_EQ(report["judged_on"], "holdout");
  EXPECT_EQ(report["holdout"]["rows"], outcome.holdout_rows);
  EXPECT_EQ(report["validation"]["rows"], outcome.validation_rows);
  const auto gate = nlohmann::json::parse(outcome.gate_json);
  EXPECT_EQ(report["gate"], gate);
  const auto& compared = report["compared"];
  EXPECT_EQ(compared["candidate"]["accuracy"], gate["accuracy"]["candidate"]);
  EXPECT_EQ(compared["live"]["accuracy"], gate["accuracy"]["live"]);
  // The generator's tickets are easy for words alone, and the live model is untrained.
  EXPECT_GT(compared["bag_of_words"]["accuracy"], compared["majority"]["accuracy"]);
  EXPECT_GT(compared["bag_of_words"]["accuracy"], 0.5);

  const auto candidate = ModelBundle::Open(job / kCandidateFolder);
  ASSERT_TRUE(candidate.ok()) << candidate.status();
  EXPECT_TRUE((*candidate)->manifest().files.contains("report.html"));
  const auto& labels = report["thresholds"]["labels"];
  ASSERT_EQ(labels.size(), (*candidate)->manifest().thresholds.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    EXPECT_EQ((*candidate)->manifest().thresholds[i], labels[i]["threshold"]);
  }
  // Mistakes by the key of their text, as the tickets have no ids; the text itself nowhere.
  const std::string page = ReadFile(job / kCandidateFolder / "report.html", 1 << 24).value();
  ASSERT_FALSE(report["worst_mistakes"].empty());
  for (const auto& mistake : report["worst_mistakes"]) {
    const auto id = mistake["id"].get<std::string>();
    EXPECT_TRUE(id.starts_with("text ")) << id;
    EXPECT_THAT(page, HasSubstr(id));
  }
  std::ifstream tickets(Dataset());
  for (std::string line; std::getline(tickets, line);) {
    const auto body = nlohmann::json::parse(line)["body"].get<std::string>();
    if (body.size() <= 20) continue;
    EXPECT_EQ(page.find(body.substr(0, 20)), std::string::npos) << body;
  }
}

TEST_F(TrainerProcessTest, KilledTwentyTimesItEndsAtTheSameWeights) {
  const auto start = std::chrono::steady_clock::now();
  const fs::path whole = MakeJob("undisturbed");
  ASSERT_EQ(RunProgram(Command(whole)).exit_code, 0);
  const auto length =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start);
  const std::string weights = WeightsOf(whole);
  ASSERT_EQ(weights.size(), 64U);

  Random random(20);
  int kills = 0;
  for (int number = 0; kills < 20; ++number) {
    const fs::path job = MakeJob("killed-" + std::to_string(number));
    ProgramRun run;
    do {
      RunningProgram program(Command(job), "");
      if (kills < 20) {
        std::this_thread::sleep_for(
            Milliseconds(random.Below(static_cast<std::uint64_t>(length.count()))));
        program.Signal(SIGKILL);
      }
      run = program.Wait();
      if (run.exit_code == kKilled) ++kills;
    } while (run.exit_code == kKilled);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(WeightsOf(job), weights) << "job " << number << " after " << kills << " kills";
    const auto candidate = ModelBundle::Open(job / kCandidateFolder);
    EXPECT_TRUE(candidate.ok()) << candidate.status();
  }
}

TEST_F(TrainerProcessTest, SigtermSuspendsAndItGoesOn) {
  const fs::path whole = MakeJob("undisturbed");
  ASSERT_EQ(RunProgram(Command(whole)).exit_code, 0);
  const fs::path job = MakeJob("suspended");
  for (int suspensions = 0; suspensions < 2; ++suspensions) {
    const int before = UpdatesOf(job);
    RunningProgram program(Command(job), "");
    // Once it has gone on, so that there is something to suspend.
    ASSERT_TRUE(WaitForUpdatesAbove(job, before));
    program.Signal(SIGTERM);
    EXPECT_EQ(program.Wait().exit_code, kSuspended);
    EXPECT_GT(UpdatesOf(job), before);
  }
  const ProgramRun run = RunProgram(Command(job));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(WeightsOf(job), WeightsOf(whole));
}

TEST_F(TrainerProcessTest, Sigusr1CancelsAndTheOutcomeSaysSo) {
  const fs::path job = MakeJob("cancelled");
  RunningProgram program(Command(job), "");
  ASSERT_TRUE(WaitForUpdatesAbove(job, 0));
  program.Signal(SIGUSR1);
  EXPECT_EQ(program.Wait().exit_code, 1);
  const auto outcome = ReadTrainingOutcome(job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(absl::IsCancelled(outcome->status)) << outcome->status;
  EXPECT_FALSE(fs::exists(job / kCandidateFolder));
}

TEST_F(TrainerProcessTest, ADamagedCheckpointIsARecordedFailure) {
  const fs::path job = MakeJob("damaged");
  {
    RunningProgram program(Command(job), "");
    ASSERT_TRUE(WaitForUpdatesAbove(job, 0));
    program.Signal(SIGKILL);
    ASSERT_EQ(program.Wait().exit_code, kKilled);
  }
  for (const auto& entry : fs::directory_iterator(job / kCheckpointFolder)) {
    std::error_code half_removed;
    if (entry.path().filename().string().starts_with("update-")) {
      fs::resize_file(entry.path() / "tensors.safetensors", 100, half_removed);
    }
  }
  const ProgramRun run = RunProgram(Command(job));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("damaged"));
  const auto outcome = ReadTrainingOutcome(job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->status.code(), absl::StatusCode::kDataLoss);
}

TEST_F(TrainerProcessTest, BadTicketsAreARecordedFailureThatNamesTheLine) {
  const fs::path dataset = folder_.path() / "bad.csv";
  std::ofstream(dataset) << "subject,body,label\nimprimante,en panne,matériel\nvpn,lent,\n";
  const fs::path job = MakeJob("bad", dataset);
  EXPECT_EQ(RunProgram(Command(job)).exit_code, 1);
  const auto outcome = ReadTrainingOutcome(job);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(outcome->status.message()), HasSubstr("line 3"));
}

TEST_F(TrainerProcessTest, OneProcessWorksOnAJob) {
  const fs::path job = MakeJob("twice");
  const int lock = ::open((job / "lock").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);  // as a first process would
  const ProgramRun second = RunProgram(Command(job));
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("another process"));
  ::close(lock);
  EXPECT_EQ(RunProgram(Command(job)).exit_code, 0);
}

TEST_F(TrainerProcessTest, DiesWithItsParentOnly) {
  std::vector<std::string> command = Command(MakeJob("parent"));
  command.insert(command.end(), {"--with-parent", std::to_string(::getpid())});
  EXPECT_EQ(RunProgram(command).exit_code, 0);
  command = Command(MakeJob("orphan"));
  command.insert(command.end(), {"--with-parent", std::to_string(::getppid())});
  const ProgramRun orphan = RunProgram(command);
  EXPECT_EQ(orphan.exit_code, 1);
  EXPECT_THAT(orphan.err, HasSubstr("is gone"));
}

TEST_F(TrainerProcessTest, LeavesNoCheckpointsBehind) {
  const fs::path job = MakeJob("clean");
  fs::create_directory(job / ".candidate.staging-1234");
  EXPECT_EQ(RunProgram(Command(job)).exit_code, 0);
  EXPECT_FALSE(fs::exists(job / kCheckpointFolder));
  EXPECT_FALSE(fs::exists(job / ".candidate.staging-1234"));
}

// A job by two processes under torchrun's variables, in place of torchrun.
class TwoProcesses {
 public:
  explicit TwoProcesses(const fs::path& job) {
    const std::string port = "MASTER_PORT=" + std::to_string(FreePort());
    for (const char* rank : {"RANK=0", "RANK=1"}) {
      programs_.push_back(std::make_unique<RunningProgram>(
          std::vector<std::string>{"/usr/bin/env", rank, "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1",
                                   port, GUICHET_TRAINER, "--job", job.string()},
          ""));
    }
  }
  RunningProgram& operator[](std::size_t rank) { return *programs_[rank]; }

 private:
  std::vector<std::unique_ptr<RunningProgram>> programs_;
};

TEST_F(TrainerProcessTest, TwoProcessesShareAJobAndSurviveTheLossOfOne) {
  const fs::path whole = MakeJob("undisturbed");
  {
    TwoProcesses both(whole);
    const ProgramRun leader = both[0].Wait();
    ASSERT_EQ(leader.exit_code, 0) << leader.err;
    const ProgramRun other = both[1].Wait();
    EXPECT_EQ(other.exit_code, 0) << other.err;
  }
  const fs::path job = MakeJob("lost");
  for (const std::size_t lost : {1U, 0U}) {
    TwoProcesses both(job);
    ASSERT_TRUE(WaitForUpdatesAbove(job, UpdatesOf(job)));
    const auto start = std::chrono::steady_clock::now();
    both[lost].Signal(SIGKILL);
    const ProgramRun left = both[1 - lost].Wait();
    EXPECT_EQ(left.exit_code, kSuspended) << left.err;
    EXPECT_THAT(left.err, HasSubstr("a process of this run is gone"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    EXPECT_TRUE(absl::IsNotFound(ReadTrainingOutcome(job).status()));
  }
  TwoProcesses both(job);
  const ProgramRun leader = both[0].Wait();
  EXPECT_EQ(leader.exit_code, 0) << leader.err;
  EXPECT_EQ(both[1].Wait().exit_code, 0);
  EXPECT_EQ(WeightsOf(job), WeightsOf(whole));
}

TEST_F(TrainerProcessTest, WrongUsageIsExitTwo) {
  EXPECT_EQ(RunProgram({GUICHET_TRAINER}).exit_code, 2);
  EXPECT_EQ(RunProgram({GUICHET_TRAINER, "--help"}).exit_code, 0);
  EXPECT_EQ(RunProgram({GUICHET_TRAINER, "--job", "/nowhere"}).exit_code, 1);
}

}  // namespace
}  // namespace guichet
