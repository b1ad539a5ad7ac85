// guichet pretrain as a process: killed, interrupted, refused; and what reads its folder.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/json_file.h"
#include "tests/support/small_corpus.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/cli/guichet_command.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr int kKilled = 128 + SIGKILL;

class PretrainProcessTest : public ::testing::Test {
 protected:
  PretrainProcessTest() {
    WriteSmallCorpus(Path("corpus.txt"), 400);
    std::ofstream(Path("config.json")) << kTinyModelJson;
    std::ofstream(Path("plan.yaml"))
        << "updates: 25\nbatch_tokens: 512\nvocabulary_size: 500\nheldout_share: 0.1\n"
           "heldout_every: 10\nsamples: 1\nmax_tokens: 48\nlearning_rate: 0.005\nthreads: 1\n"
           "device: cpu\ndropout: 0.1\n";
  }

  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  Words Pretrain(const std::string& out, const Words& more = {}) const {
    Words words = {"pretrain",
                   "--corpus",
                   Path("corpus.txt"),
                   "--scratch",
                   Path("config.json"),
                   "--plan",
                   Path("plan.yaml"),
                   "--out",
                   Path(out)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static OrderedJsonLine SummaryOf(const ProgramRun& run) {
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.exit_code == 0 ? ParseLines(run).back() : OrderedJsonLine::object();
  }

  TempFolder folder_;
};

// Waits until a checkpoint other than `seen` is there; its name, or nothing when it takes too long.
std::string WaitForCheckpoint(const fs::path& folder, const std::string& seen) {
  for (int tries = 0; tries < 20'000; ++tries) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("update-") && name != seen) return name;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

TEST_F(PretrainProcessTest, PrintsASummaryAndLeavesAModel) {
  const ProgramRun run = Guichet(Pretrain("out"));
  const auto summary = SummaryOf(run);
  EXPECT_THAT(KeysOf(summary), ::testing::IsSupersetOf({"loss", "heldout_loss", "seconds",
                                                        "tokens_per_second", "weights_sha256"}));
  EXPECT_THAT(run.err, HasSubstr("masked: "));
  const auto report = ReadJsonFile(Path("out/pretraining.json"));
  EXPECT_EQ(report.at("weights_sha256"), summary.at("weights_sha256"));
  EXPECT_EQ(report.at("curve").size(), 3U);
  EXPECT_EQ(report.at("corpus").at("files").at(0).at("name"), "corpus.txt");
  EXPECT_FALSE(fs::exists(Path("out.state")));

  const ProgramRun written = Guichet({"generate", "--model", Path("out"), "--num-beams", "1", "-"},
                                     "Bonjour, le <mask>\n");
  EXPECT_EQ(written.exit_code, 0) << written.err;
  EXPECT_EQ(written.Lines().size(), 1U);
  const ProgramRun imported =
      Guichet({"bundle", "import", Path("out"), "--out", Path("bundle"), "--head", "encoder"});
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  const ProgramRun tickets = Guichet({"data", "make", "--rows", "300"});
  std::ofstream(Path("tickets.jsonl")) << tickets.out;
  const ProgramRun trained =
      Guichet({"train", "--base", Path("out"), "--data", Path("tickets.jsonl"), "--out",
               Path("trained"), "--epochs", "1", "--max-tokens", "48"});
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
}

TEST_F(PretrainProcessTest, KilledAtAnyCheckpointItGoesOnToTheSameWeights) {
  const auto expected = SummaryOf(Guichet(Pretrain("whole"))).at("weights_sha256");
  const Words command = GuichetCommand(Pretrain("killed", {"--checkpoint-seconds", "0"}));
  int kills = 0;
  std::string seen;
  while (kills < 4) {
    RunningProgram program(command, "");
    seen = WaitForCheckpoint(Path("killed.state/checkpoints"), seen);
    ASSERT_FALSE(seen.empty()) << program.Wait().err;
    program.Signal(SIGKILL);
    const ProgramRun run = program.Wait();
    if (run.exit_code == 0) break;  // it was faster
    ASSERT_EQ(run.exit_code, kKilled) << run.err;
    EXPECT_FALSE(fs::exists(Path("killed")));
    ++kills;
  }
  EXPECT_GE(kills, 2);
  EXPECT_EQ(SummaryOf(RunProgram(command)).at("weights_sha256"), expected);
}

TEST_F(PretrainProcessTest, AnInterruptLeavesACheckpointAndSaysHowToGoOn) {
  std::ofstream(Path("plan.yaml"), std::ios::app) << "heldout_tokens: 0\n";
  const Words command = GuichetCommand(Pretrain("out", {"--updates", "1000000"}));
  RunningProgram program(command, "");
  while (!fs::exists(Path("out.state/tokens"))) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  program.Signal(SIGINT);
  const ProgramRun run = program.Wait();
  EXPECT_EQ(run.exit_code, 128 + SIGINT) << run.err;
  EXPECT_THAT(run.err, HasSubstr("the same command goes on from"));
  EXPECT_TRUE(run.out.empty());
  EXPECT_FALSE(fs::exists(Path("out")));
  EXPECT_TRUE(fs::exists(Path("out.state/checkpoints")));
}

TEST_F(PretrainProcessTest, RefusalsAreOneLineAndExitCode1) {
  const auto refused = [&](const Words& words, const std::string& part) {
    const ProgramRun run = Guichet(words);
    EXPECT_EQ(run.exit_code, 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(part));
    EXPECT_TRUE(run.out.empty());
  };
  fs::create_directory(Path("there"));
  refused(Pretrain("there"), "exists; choose another folder");
  refused(Pretrain("out", {"--max-tokens", "500"}), "max_tokens is 500");
  refused(Pretrain("big", {"--vocabulary-size", "90000"}), "vocabulary_size 90000");
  EXPECT_FALSE(fs::exists(Path("out")));
  EXPECT_EQ(Guichet({"pretrain", "--corpus", Path("corpus.txt"), "--out", Path("x")}).exit_code, 2);
  EXPECT_EQ(Guichet(Pretrain("x", {"--schedule-by-time"})).exit_code, 2);
  EXPECT_THAT(Guichet({"pretrain", "--print-default-plan"}).out, HasSubstr("\nmask_share: 0.3\n"));
}

}  // namespace
}  // namespace guichet
