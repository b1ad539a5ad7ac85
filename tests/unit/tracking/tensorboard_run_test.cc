#include "model/tracking/tensorboard_run.h"

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/tracking/tensorboard_records.h"
#include "model/tracking/wire_reader.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using ::testing::ElementsAre;

// CRC-32C bit by bit and its mask, apart from the program's table.
std::uint32_t Masked(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    value ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ (0x82F63B78U * (value & 1U));
  }
  value = ~value;
  return std::rotr(value, 15) + 0xA282EAD8U;
}

std::uint64_t Number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8U | static_cast<std::uint8_t>(bytes[i - 1]);
  }
  return value;
}

// The messages of an event file; every checksum must hold.
std::vector<std::string> ReadEvents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string file = text.str();
  std::vector<std::string> events;
  for (std::size_t at = 0; at < file.size();) {
    const std::string_view length = std::string_view(file).substr(at, 8);
    EXPECT_EQ(Number(std::string_view(file).substr(at + 8, 4)), Masked(length));
    events.push_back(file.substr(at + 12, Number(length)));
    at += 12 + events.back().size();
    EXPECT_EQ(Number(std::string_view(file).substr(at, 4)), Masked(events.back()));
    at += 4;
  }
  return events;
}

TrackedRun ARun(bool resumed = false) {
  return {.id = "ab12cd34",
          .project = "desk",
          .name = "../tickets",
          .started = WallTime(std::chrono::seconds(1'700'000'000)),
          .resumed = resumed,
          .config = {{"epochs", "3"}, {"device", "\"cpu\""}, {"on", "true"}},
          .plan = "epochs: 3\n"};
}

TrackedRow Row(std::int64_t step, double loss) {
  return {.step = step,
          .time = WallTime(std::chrono::milliseconds(1'700'000'000'500 + step)),
          .scalars = {{"train/loss", loss}}};
}

class TensorboardRunTest : public ::testing::Test {
 protected:
  // The event files, in the order in which TensorBoard reads them.
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    const fs::path run = folder_.path() / "_._tickets-ab12cd34";
    for (const auto& entry : fs::directory_iterator(run)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }

  TempFolder folder_;
};

TEST(TensorboardRecordsTest, GoldenBytes) {
  // Written by TensorBoard's own EventFileWriter for the same event.
  const std::string event = tensorboard::ScalarsEvent(
      {.step = 7, .time = WallTime(std::chrono::seconds(1)), .scalars = {{"loss", 0.5}}});
  EXPECT_EQ(event, "\x09\0\0\0\0\0\0\xf0\x3f\x10\x07\x2a\x0d\x0a\x0b\x0a\x04loss\x15\0\0\0\x3f"s);
  EXPECT_EQ(
      tensorboard::Frame(event),
      "\x1a\x00\x00\x00\x00\x00\x00\x00\x12\x9b\xd8\x2d\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x07\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\x00\x3f\x86\x2c\x9a\x2f"s);
}

TEST_F(TensorboardRunTest, WritesVersionSessionPlanScalarsAndEnd) {
  {
    TensorboardRun run(folder_.path());
    ASSERT_TRUE(run.Start(ARun()).ok());
    std::size_t logged = 0;
    ASSERT_TRUE(run.Log(std::vector{Row(1, 2), Row(2, 1)}, logged).ok());
    EXPECT_EQ(logged, 2U);
    const std::vector<TrackedValue> summary = {{"accuracy", "0.5"}, {"hash", "\"00\""}};
    ASSERT_TRUE(run.Finish(RunEnd::kFinished, summary).ok());
  }
  ASSERT_EQ(Files().size(), 1U);
  EXPECT_THAT(Files()[0].filename().string(),
              ::testing::MatchesRegex("events\\.out\\.tfevents\\.[0-9]{10}\\..*"));
  const auto events = ReadEvents(Files()[0]);
  ASSERT_EQ(events.size(), 7U);
  EXPECT_NE(events[0].find("brain.Event:2"), std::string::npos);
  EXPECT_NE(events[1].find("_hparams_/session_start_info"), std::string::npos);
  EXPECT_NE(events[2].find("```yaml\nepochs: 3\n```"), std::string::npos);
  EXPECT_NE(events[3].find("train/loss"), std::string::npos);
  EXPECT_NE(events[5].find("summary/accuracy"), std::string::npos);
  EXPECT_EQ(events[5].find("hash"), std::string::npos);  // no number, no curve
  EXPECT_NE(events[6].find("_hparams_/session_end_info"), std::string::npos);
}

TEST_F(TensorboardRunTest, AResumedRunHasAFileOfItsOwnThatReplacesLaterSteps) {
  for (const bool resumed : {false, true}) {
    TensorboardRun run(folder_.path());
    ASSERT_TRUE(run.Start(ARun(resumed)).ok());
    std::size_t logged = 0;
    ASSERT_TRUE(run.Log(std::vector{Row(3, 2)}, logged).ok());
    ASSERT_TRUE(run.Finish(RunEnd::kSuspended, {}).ok());
  }
  ASSERT_EQ(Files().size(), 2U);
  const auto events = ReadEvents(Files()[1]);
  ASSERT_EQ(events.size(), 3U);  // version, restart, scalars
  std::vector<std::uint64_t> fields;
  WireReader reader(events[1]);
  while (const auto field = reader.Next()) {
    fields.push_back(field->number);
    if (field->number == 2) {
      EXPECT_EQ(field->value, 3U);
    }
  }
  EXPECT_THAT(fields, ElementsAre(1, 2, 7));
}

TEST_F(TensorboardRunTest, AnUnwritableFolderIsAnError) {
  std::ofstream(folder_.path() / "file") << "";
  TensorboardRun run(folder_.path() / "file");
  EXPECT_EQ(run.Start(ARun()).code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace guichet
