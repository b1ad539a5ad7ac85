// Jobs through crashes of the trainer, of the server, and of both.

#include <csignal>
#include <fstream>
#include <string>

#include <dirent.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "tests/integration/server/operations_fixture.h"
#include "tests/support/job_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// The server's child; 0: none now.
int ChildOf(int server) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream status(entry.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line == "PPid:\t" + std::to_string(server)) return std::stoi(name);
    }
  }
  return 0;
}

class DurabilityTest : public OperationsTest {
 protected:
  // Long enough to be killed twenty times.
  v1::TrainRequest LongRequest() const {
    v1::TrainRequest request = RequestOf("long");
    request.set_plan(
        "epochs: 12\npatience: 0\nbatch_size: 16\nlearning_rate: 0.005\ndevice: cpu\n"
        "ema_decay: 0.9\ntoken_dropout: 0.1\n");
    return request;
  }

  fs::path JobFolder(const std::string& id) const { return StateFolder() / "jobs" / id; }

  std::string RunToTheEnd() {
    v1::Job job;
    const grpc::Status status = Train(LongRequest(), &job);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return WeightsOf(Await(job.id()));
  }

  static std::string WeightsOf(const v1::Job& job) {
    EXPECT_EQ(job.state(), v1::SUCCEEDED) << job.error().message();
    if (job.state() != v1::SUCCEEDED) return {};
    return nlohmann::json::parse(job.summary_json()).at("weights_sha256").get<std::string>();
  }

  void ExpectToServe() {
    v1::ClassifyRequest question;
    question.add_tickets()->set_body("Mon VPN ne se connecte plus");
    v1::ClassifyResponse answer;
    grpc::ClientContext context;
    SetDeadline(context);
    EXPECT_TRUE(classification_->Classify(&context, question, &answer).ok());
    EXPECT_EQ(answer.version(), 1);
  }
};

TEST_F(DurabilityTest, TwentyKillsOfTrainerServerOrBothEndInTheSameWeights) {
  constexpr int kKills = 20;
  // A checkpoint after each update.
  const std::vector<std::string> patient = {"--training.max_crashes", "1000",
                                            "--training.checkpoint_interval", "0ms"};
  StartServer(patient);
  const std::string expected = RunToTheEnd();
  server_.reset();
  fs::remove_all(StateFolder());

  StartServer(patient);
  v1::Job job;
  ASSERT_TRUE(Train(LongRequest(), &job).ok());
  Random random(5);
  int updates = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    ASSERT_TRUE(WaitForUpdatesAbove(JobFolder(job.id()), updates)) << server_->log();
    std::this_thread::sleep_for(std::chrono::milliseconds(random.Below(20)));
    updates = UpdatesOf(JobFolder(job.id()));
    const int way = kill % 4;
    if (way != 1) {
      if (const int trainer = ChildOf(server_->pid()); trainer != 0) ::kill(trainer, SIGKILL);
    }
    if (way == 0) continue;
    if (way == 3) {
      EXPECT_EQ(server_->Stop(), 0) << server_->log();
    } else {
      server_->Signal(SIGKILL);
      server_->Wait();
    }
    StartServer(patient);
  }
  const v1::Job ended = Await(job.id());
  EXPECT_EQ(WeightsOf(ended), expected);
  EXPECT_GE(ended.attempts(), kKills / 2);
  EXPECT_EQ(Versions().versions_size(), 2) << "published once";
}

TEST_F(DurabilityTest, ADamagedCheckpointIsAStatedFailureAndTheServiceGoesOn) {
  StartServer({"--training.checkpoint_interval", "0ms"});
  v1::Job job;
  ASSERT_TRUE(Train(LongRequest(), &job).ok());
  ASSERT_TRUE(WaitForUpdatesAbove(JobFolder(job.id()), 3));
  EXPECT_EQ(server_->Stop(), 0);
  for (const auto& entry :
       fs::recursive_directory_iterator(JobFolder(job.id()) / kCheckpointFolder)) {
    if (!entry.is_regular_file()) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file << "damaged";
  }
  StartServer();
  const v1::Job ended = Await(job.id());
  EXPECT_EQ(ended.state(), v1::FAILED);
  EXPECT_THAT(ended.error().message(), HasSubstr("checkpoint"));
  ExpectToServe();
}

// A program that runs guichet-trainer under some condition, perhaps through another program.
fs::path Wrapper(const fs::path& folder, const std::string& condition,
                 const std::string& through = "") {
  const fs::path path = folder / "trainer";
  const fs::path trainer = fs::path(GUICHET_SERVER_PROGRAM).parent_path() / "guichet-trainer";
  std::ofstream(path) << "#!/bin/sh\n"
                      << condition << "\nexec " << through << " " << trainer << " \"$@\"\n";
  ::chmod(path.c_str(), 0755);
  return path;
}

TEST_F(DurabilityTest, AFullDiskIsAStatedFailureAndTheServiceGoesOn) {
  // No file beyond 50 kB: to a writer as a full disk is, but for the name of the error.
  const fs::path trainer = Wrapper(folder_.path(), "trap '' XFSZ; ulimit -f 100");
  StartServer({"--training.trainer", trainer.string(), "--training.checkpoint_interval", "0ms"});
  v1::Job job;
  ASSERT_TRUE(Train(LongRequest(), &job).ok());
  const v1::Job ended = Await(job.id());
  EXPECT_EQ(ended.state(), v1::FAILED);
  EXPECT_THAT(ended.error().message(), HasSubstr("File too large"));
  ExpectToServe();
}

TEST_F(DurabilityTest, AnUnwritableFolderIsAStatedFailureAndTheServiceGoesOn) {
  // Root may write everywhere: for a test by root the trainer is nobody.
  fs::permissions(folder_.path(), fs::perms(0755));
  const fs::path trainer =
      Wrapper(folder_.path(), "chmod a-w \"$2\"",
              ::geteuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : "");
  StartServer({"--training.trainer", trainer.string()});
  v1::Job job;
  ASSERT_TRUE(Train(RequestOf("unwritable"), &job).ok());
  const v1::Job ended = Await(job.id());
  EXPECT_EQ(ended.state(), v1::FAILED);
  EXPECT_THAT(ended.error().message(), HasSubstr("Permission denied"));
  ExpectToServe();
}

TEST_F(DurabilityTest, ATrainerThatAlwaysDiesIsAStatedFailure) {
  const fs::path trainer = Wrapper(folder_.path(), "echo 'no memory left' >&2; kill -9 $$");
  StartServer({"--training.trainer", trainer.string()});
  v1::Job job;
  ASSERT_TRUE(Train(RequestOf("dies"), &job).ok());
  const v1::Job ended = Await(job.id());
  EXPECT_EQ(ended.state(), v1::FAILED);
  EXPECT_THAT(ended.error().message(), HasSubstr("signal 9"));
  EXPECT_THAT(ended.error().message(), HasSubstr("no memory left"));
  EXPECT_EQ(ended.attempts(), 3);
  ExpectToServe();
}

TEST_F(DurabilityTest, ASecondServerOnTheSameFolderIsRefused) {
  StartServer();
  const auto second = [&] {
    ServerProcess server(Bundle(), {"--training.folder", StateFolder().string()});
  };
  EXPECT_THROW(
      {
        try {
          second();
        } catch (const std::runtime_error& error) {
          EXPECT_THAT(error.what(), HasSubstr("another server uses"));
          throw;
        }
      },
      std::runtime_error);
}

}  // namespace
}  // namespace guichet
