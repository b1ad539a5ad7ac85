#include "model/tracking/wandb_offline_run.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/tracking/wandb_records.h"
#include "model/tracking/wire_reader.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::uint64_t kHistory = 2;
constexpr std::uint64_t kSummary = 3;
constexpr std::uint64_t kRun = 17;
constexpr std::uint64_t kExit = 18;
constexpr std::uint64_t kFinal = 20;
constexpr std::uint64_t kHeader = 21;
constexpr std::uint64_t kFooter = 22;

TrackedRun ARun() {
  return {.id = "ab12cd34",
          .project = "desk",
          .name = "tickets",
          .started = WallTime(std::chrono::seconds(1'700'000'000)),
          .resumed = false,
          .config = {{"epochs", "3"}, {"device", "\"cpu\""}},
          .plan = "epochs: 3\n"};
}

TrackedRow Row(std::int64_t step, double loss) {
  return {.step = step,
          .time = WallTime(std::chrono::seconds(1'700'000'000 + step)),
          .scalars = {{"train/loss", loss}}};
}

// The kinds of a log's records, with the message of each.
std::vector<std::pair<std::uint64_t, std::string>> Records(const fs::path& file) {
  std::vector<std::pair<std::uint64_t, std::string>> records;
  const fs::path copy = file.string() + ".copy";  // Resume may write
  fs::copy_file(file, copy, fs::copy_options::overwrite_existing);
  std::int64_t number = 0;
  const auto log = WandbLog::Resume(copy, [&](std::string_view record) {
    WireReader fields(record);
    const auto first = fields.Next();
    EXPECT_EQ(first->number, 1U);
    EXPECT_EQ(first->value, static_cast<std::uint64_t>(++number));  // without gaps
    const auto message = fields.Next();
    records.emplace_back(message->number, message->bytes);
    EXPECT_FALSE(fields.Next());
    return true;
  });
  EXPECT_TRUE(log.ok()) << log.status();
  fs::remove(copy);
  return records;
}

std::vector<std::uint64_t> Kinds(const fs::path& file) {
  std::vector<std::uint64_t> kinds;
  for (const auto& [kind, message] : Records(file)) kinds.push_back(kind);
  return kinds;
}

// The items of a history, summary or configuration message.
std::map<std::string, std::string> Items(std::string_view message) {
  std::map<std::string, std::string> items;
  WireReader fields(message);
  while (const auto field = fields.Next()) {
    if (field->number != 1) continue;
    WireReader item(field->bytes);
    const auto key = item.Next();
    const auto value = item.Next();
    EXPECT_EQ(value->number, 16U);
    items[std::string(key->bytes)] = value->bytes;
  }
  return items;
}

class WandbOfflineRunTest : public ::testing::Test {
 protected:
  static void LogAll(WandbOfflineRun& run, const std::vector<TrackedRow>& rows) {
    std::size_t logged = 0;
    ASSERT_TRUE(run.Log(rows, logged).ok());
    EXPECT_EQ(logged, rows.size());
  }
  // The one run folder's log.
  fs::path LogFile() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".wandb") found.push_back(entry.path());
    }
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? fs::path() : found[0];
  }

  TempFolder folder_;
};

TEST_F(WandbOfflineRunTest, LeavesAFolderThatSyncKnowsAndRecordsInOrder) {
  WandbOfflineRun run(folder_.path());
  ASSERT_TRUE(run.Start(ARun()).ok());
  LogAll(run, {Row(1, 2.5), Row(2, 1.25)});
  const std::vector<TrackedValue> summary = {{"accuracy", "0.75"}, {"weights_sha256", "\"00ff\""}};
  ASSERT_TRUE(run.Finish(RunEnd::kFinished, summary).ok());

  const fs::path log = LogFile();
  EXPECT_EQ(log.filename(), "run-ab12cd34.wandb");
  EXPECT_THAT(log.parent_path().filename().string(),
              ::testing::MatchesRegex("offline-run-[0-9]{8}_[0-9]{6}-ab12cd34"));
  EXPECT_EQ(log.parent_path().parent_path(), folder_.path() / "wandb");
  EXPECT_TRUE(fs::is_directory(log.parent_path() / "files"));
  EXPECT_EQ(fs::read_symlink(folder_.path() / "wandb/latest-run"), log.parent_path().filename());

  const auto records = Records(log);
  EXPECT_THAT(Kinds(log),
              ElementsAre(kHeader, kRun, kHistory, kHistory, kSummary, kExit, kFinal, kFooter));
  const auto first = Items(records[2].second);
  EXPECT_THAT(first, ElementsAre(Pair("_runtime", "1"), Pair("_step", "1"),
                                 Pair("_timestamp", "1700000001"), Pair("train/loss", "2.5")));
  EXPECT_THAT(Items(records[4].second),
              ElementsAre(Pair("accuracy", "0.75"), Pair("weights_sha256", "\"00ff\"")));
}

TEST_F(WandbOfflineRunTest, ExitCodesTellHowItEnded) {
  for (const auto& [end, code] : std::map<RunEnd, std::uint64_t>{
           {RunEnd::kFinished, 0}, {RunEnd::kFailed, 1}, {RunEnd::kKilled, 255}}) {
    WandbOfflineRun run(folder_.path());
    ASSERT_TRUE(run.Start(ARun()).ok());
    ASSERT_TRUE(run.Finish(end, {}).ok());
    const auto records = Records(LogFile());
    ASSERT_EQ(records.size(), 5U);
    EXPECT_EQ(WireReader(records[2].second).Next()->value, code);
    fs::remove_all(folder_.path() / "wandb");
  }
}

TEST_F(WandbOfflineRunTest, ASuspendedRunGoesOnInTheSameFileWithoutStepsTwice) {
  TrackedRun description = ARun();
  {
    WandbOfflineRun run(folder_.path());
    ASSERT_TRUE(run.Start(description).ok());
    LogAll(run, {Row(1, 4), Row(2, 3)});
    ASSERT_TRUE(run.Finish(RunEnd::kSuspended, {}).ok());
    EXPECT_THAT(Kinds(LogFile()), ElementsAre(kHeader, kRun, kHistory, kHistory));
  }
  const fs::path log = LogFile();
  std::ofstream(log.string() + ".synced") << "";
  std::ofstream(log, std::ios::app) << "half a record";
  description.resumed = true;
  description.started += std::chrono::hours(1);  // another stamp: the folder is found by its id
  WandbOfflineRun run(folder_.path());
  ASSERT_TRUE(run.Start(description).ok());
  LogAll(run, {Row(2, 3), Row(3, 2)});
  ASSERT_TRUE(run.Finish(RunEnd::kFinished, {}).ok());
  EXPECT_FALSE(fs::exists(log.string() + ".synced"));  // it has to be uploaded again
  const auto records = Records(LogFile());
  EXPECT_THAT(Kinds(log),
              ElementsAre(kHeader, kRun, kHistory, kHistory, kHistory, kExit, kFinal, kFooter));
  EXPECT_EQ(Items(records[4].second)["_step"], "3");
}

TEST_F(WandbOfflineRunTest, ARunThatHadEndedGoesOnBeforeItsEnd) {
  {
    WandbOfflineRun run(folder_.path());
    ASSERT_TRUE(run.Start(ARun()).ok());
    LogAll(run, {Row(1, 4)});
    ASSERT_TRUE(run.Finish(RunEnd::kFailed, {}).ok());
  }
  WandbOfflineRun run(folder_.path());
  ASSERT_TRUE(run.Start(ARun()).ok());
  LogAll(run, {Row(2, 3)});
  ASSERT_TRUE(run.Finish(RunEnd::kFinished, {}).ok());
  EXPECT_THAT(Kinds(LogFile()),
              ElementsAre(kHeader, kRun, kHistory, kHistory, kExit, kFinal, kFooter));
}

TEST_F(WandbOfflineRunTest, StartMayBeTriedAgainAfterAHeaderWasHalfWritten) {
  WandbOfflineRun run(folder_.path());
  ASSERT_TRUE(run.Start(ARun()).ok());
  fs::resize_file(LogFile(), 3);
  ASSERT_TRUE(run.Start(ARun()).ok());
  EXPECT_THAT(Kinds(LogFile()), ElementsAre(kHeader, kRun));
}

TEST_F(WandbOfflineRunTest, AnUnwritableFolderIsAnError) {
  std::ofstream(folder_.path() / "wandb") << "a file";
  WandbOfflineRun run(folder_.path());
  const absl::Status status = run.Start(ARun());
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("wandb"));
}

}  // namespace
}  // namespace guichet
