#include "model/finetuning/training_job.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TrainingJobTest : public ::testing::Test {
 protected:
  TempFolder folder_;
};

TEST_F(TrainingJobTest, IsReadAsItWasWritten) {
  TrainingJob job;
  job.id = "j-1";
  job.dataset = "/données/tickets.csv";
  job.base = "b";
  job.live = "l";
  job.format = "csv";
  job.columns = "label=Catégorie";
  job.preset = "glpi";
  job.encoding = "windows-1252";
  job.model = "tickets";
  job.plan = "epochs: 2\n";
  job.gate.protected_labels = {"réseau"};
  job.gate.margin = 0.01;
  job.checkpoint_interval = std::chrono::milliseconds(250);
  const HoldoutKeys keys = {{KeyOfText("a"), std::nullopt},
                            {KeyOfText("b"), IdentityOf("mot de passe").sketch}};
  ASSERT_TRUE(WriteTrainingJob(job, keys, folder_.path()).ok());
  const auto read = ReadTrainingJob(folder_.path());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->id, job.id);
  EXPECT_EQ(read->dataset, job.dataset);
  EXPECT_EQ(read->columns, job.columns);
  EXPECT_EQ(read->preset, job.preset);
  EXPECT_EQ(read->encoding, job.encoding);
  EXPECT_EQ(read->plan, job.plan);
  EXPECT_EQ(read->gate.protected_labels, job.gate.protected_labels);
  EXPECT_EQ(read->gate.margin, job.gate.margin);
  EXPECT_EQ(read->checkpoint_interval, job.checkpoint_interval);
  EXPECT_EQ(ReadHoldoutKeys(folder_.path(), false).value(), keys);
  EXPECT_TRUE(absl::IsNotFound(ReadHoldoutKeys(folder_.path(), true).status()));
}

TEST_F(TrainingJobTest, RefusesWhatIsOutOfRangeBeforeAnythingStarts) {
  TrainingJob job;
  job.model = "tickets";
  ASSERT_TRUE(job.Validate().ok()) << job.Validate();
  job.holdout_share = 1;
  ASSERT_TRUE(WriteTrainingJob(job, {}, folder_.path()).ok());
  EXPECT_THAT(std::string(ReadTrainingJob(folder_.path()).status().message()),
              HasSubstr("holdout_share is 1"));
  job.holdout_share = 0.2;
  job.gate.confidence = 1;
  EXPECT_THAT(std::string(job.Validate().message()), HasSubstr("confidence"));
  job.gate.confidence = 0.9;
  job.checkpoint_interval = std::chrono::milliseconds(-1);
  EXPECT_THAT(std::string(job.Validate().message()), HasSubstr("checkpoint_milliseconds"));
  job.checkpoint_interval = std::chrono::milliseconds(0);
  job.model.clear();
  EXPECT_THAT(std::string(job.Validate().message()), HasSubstr("model"));
}

TEST_F(TrainingJobTest, SaysWhatIsWrongWithItsFiles) {
  EXPECT_EQ(ReadTrainingJob(folder_.path()).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(folder_.path() / "job.json") << R"({"id": "x"})";
  const auto job = ReadTrainingJob(folder_.path());
  EXPECT_EQ(job.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(job.status().message()), HasSubstr("dataset"));
  std::ofstream(folder_.path() / "holdout.txt") << "0123456789abcdef0123456789abcdef\nnot a key\n";
  const auto keys = ReadHoldoutKeys(folder_.path(), false);
  EXPECT_EQ(keys.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(keys.status().message()), HasSubstr("line 2"));
}

TEST_F(TrainingJobTest, ReadsWhatEarlierVersionsWrote) {
  std::ofstream(folder_.path() / "holdout.txt")
      << "0123456789abcdef0123456789abcdef\nffffffffffffffff0000000000000001\n";
  const auto keys = ReadHoldoutKeys(folder_.path(), false);
  ASSERT_TRUE(keys.ok()) << keys.status();
  const HoldoutKeys expected = {
      {{.high = 0x0123456789abcdef, .low = 0x0123456789abcdef}, std::nullopt},
      {{.high = 0xffffffffffffffff, .low = 1}, std::nullopt}};
  EXPECT_EQ(*keys, expected);
  TrainingJob whole;
  whole.model = "tickets";
  std::string job = ToJson(whole);
  for (const char* key : {"preset", "encoding"}) {
    const std::size_t at = job.find(std::string("\"") + key + "\"");
    ASSERT_NE(at, job.npos);
    job.erase(at, job.find('\n', at) - at);
  }
  EXPECT_TRUE(ParseTrainingJob(job, "job.json").ok()) << ParseTrainingJob(job, "job.json").status();
}

TEST_F(TrainingJobTest, OutcomeIsReadAsItWasWritten) {
  EXPECT_EQ(ReadTrainingOutcome(folder_.path()).status().code(), absl::StatusCode::kNotFound);
  TrainingOutcome outcome;
  outcome.verdict = GateVerdict::kReject;
  outcome.gate_json = R"({"rows":7})";
  outcome.holdout_rows = 7;
  ASSERT_TRUE(WriteTrainingOutcome(outcome, folder_.path()).ok());
  EXPECT_EQ(ReadTrainingOutcome(folder_.path())->verdict, GateVerdict::kReject);
  EXPECT_EQ(ReadTrainingOutcome(folder_.path())->gate_json, R"({"rows":7})");
  EXPECT_TRUE(ReadTrainingOutcome(folder_.path())->status.ok());
  outcome.status = absl::InvalidArgumentError("line 3: no label");
  ASSERT_TRUE(WriteTrainingOutcome(outcome, folder_.path()).ok());
  EXPECT_EQ(ReadTrainingOutcome(folder_.path())->status, outcome.status);
}

TEST_F(TrainingJobTest, ProgressIsNumberedOnAfterACrash) {
  {
    auto writer = JobProgressWriter::Open(folder_.path());
    ASSERT_TRUE(writer.ok()) << writer.status();
    writer->Write({.stage = "read", .message = "é"});
    JobProgress step{.stage = "train", .message = {}};
    step.step = 5;
    step.total_steps = 10;
    step.loss = 0.25;
    writer->Write(step);
  }
  std::ofstream(folder_.path() / "progress.jsonl", std::ios::app) << R"({"sequence":3,"sta)";
  EXPECT_THAT(JobProgressReader(folder_.path(), 0).Next(100),
              SizeIs(2));  // the torn line waits
  {
    auto writer = JobProgressWriter::Open(folder_.path());
    ASSERT_TRUE(writer.ok()) << writer.status();
    writer->Write({.stage = "write", .message = {}});
  }
  const auto lines = JobProgressReader(folder_.path(), 1).Next(100);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].sequence, 2);
  EXPECT_EQ(lines[0].loss, 0.25);
  EXPECT_EQ(lines[0].Ratio(), 0.5);
  EXPECT_FALSE(lines[0].accuracy.has_value());
  EXPECT_EQ(lines[1].sequence, 3);
  EXPECT_EQ(lines[1].stage, "write");
  EXPECT_THAT(JobProgressReader(folder_.path(), 0).Next(1), SizeIs(1));
  EXPECT_THAT(JobProgressReader(folder_.path(), 3).Next(100), IsEmpty());
  JobProgressReader reader(folder_.path());
  EXPECT_THAT(reader.Next(2), SizeIs(2));
  EXPECT_THAT(reader.Next(100), SizeIs(1)) << "it goes on where it stopped";
  EXPECT_THAT(reader.Next(100), IsEmpty());
}

}  // namespace
}  // namespace guichet
