#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "tests/unit/cli/operator_fixture.h"

// `guichet jobs submit` and `validate`: what reaches the server, and what is refused before.

namespace guichet {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

using JobSubmissionTest = OperatorCommandsTest;

TEST_F(JobSubmissionTest, SubmitUploadsAndAsksForWhatWasGiven) {
  server_.answers.job = JobIn(v1::QUEUED);
  const std::string plan = (folder_.path() / "plan.yaml").string();
  std::ofstream(plan) << "epochs: 2\n";
  const ProgramRun run = Ask({"jobs",
                              "submit",
                              "--data",
                              data_,
                              "--format",
                              "csv",
                              "--map",
                              "body=subject",
                              "--preset",
                              "jira",
                              "--encoding",
                              "windows-1252",
                              "--plan",
                              plan,
                              "--model",
                              "tickets",
                              "--base",
                              "base/barthez",
                              "--policy",
                              "ask",
                              "--request-id",
                              "r-1",
                              "--holdout-share",
                              "0.3",
                              "--validation-share",
                              "0.2",
                              "--gate-min-rows",
                              "80",
                              "--gate-margin",
                              "0",
                              "--protected-labels",
                              "Réseau,Accès"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(server_.stored(Sha256Hex(kTickets)), kTickets);
  const auto requests = server_.requests<v1::TrainRequest>();
  ASSERT_THAT(requests, SizeIs(1));
  const v1::TrainRequest& request = requests[0];
  EXPECT_EQ(request.request_id(), "r-1");
  EXPECT_EQ(request.data().dataset_id(), Sha256Hex(kTickets));
  EXPECT_EQ(request.data().format(), "csv");
  EXPECT_EQ(request.data().columns(), "body=subject");
  EXPECT_EQ(request.data().preset(), "jira");
  EXPECT_EQ(request.data().encoding(), "windows-1252");
  EXPECT_EQ(request.model(), "tickets");
  EXPECT_EQ(request.plan(), "epochs: 2\n");
  EXPECT_EQ(request.base(), "base/barthez");
  EXPECT_EQ(request.policy(), v1::ASK);
  EXPECT_EQ(request.holdout_share(), 0.3);
  EXPECT_EQ(request.validation_share(), 0.2);
  EXPECT_EQ(request.gate().min_rows(), 80);
  EXPECT_TRUE(request.gate().has_margin());  // 0 is a choice
  EXPECT_FALSE(request.gate().has_confidence());
  EXPECT_THAT(request.gate().protected_labels(), ElementsAre("Réseau", "Accès"));
  EXPECT_EQ(ParseLines(run).at(0).dump(), R"({"id":"j1","state":"QUEUED","promoted":false})");
  EXPECT_THAT(run.err, AllOf(HasSubstr("uploading tickets.csv"),
                             HasSubstr("`guichet jobs watch j1` follows it")));
}

TEST_F(JobSubmissionTest, SubmitChoosesARequestIdOfItsOwn) {
  server_.answers.job = JobIn(v1::QUEUED);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask({"jobs", "submit", "--data", data_}).exit_code, 0);
  const auto requests = server_.requests<v1::TrainRequest>();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_THAT(requests[0].request_id(), MatchesRegex("cli-[0-9a-f]+"));
  EXPECT_NE(requests[0].request_id(), requests[1].request_id());
  EXPECT_FALSE(requests[0].has_gate());
  EXPECT_EQ(requests[0].policy(), v1::AUTO);
}

TEST_F(JobSubmissionTest, SubmitUploadsNothingThatIsTheServers) {
  server_.Store(Sha256Hex(kTickets), kTickets);
  const ProgramRun held = Ask({"jobs", "submit", "--data", data_});
  EXPECT_EQ(held.exit_code, 0) << held.err;
  EXPECT_THAT(held.err, HasSubstr("holds tickets.csv already"));
  const ProgramRun path =
      Ask({"jobs", "submit", "--data", "desk/2024.csv", "--server-path", "--quiet"});
  EXPECT_EQ(path.exit_code, 0) << path.err;
  EXPECT_THAT(path.err, IsEmpty());
  EXPECT_EQ(server_.requests<v1::TrainRequest>().at(1).data().path(), "desk/2024.csv");
  EXPECT_EQ(server_.parts_received(), 0);
}

TEST_F(JobSubmissionTest, SubmitRefusesBeforeItUploads) {
  const std::string text = (folder_.path() / "tickets.txt").string();
  std::ofstream(text) << kTickets;
  for (const auto& [words, remedy] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--data", text}, "--format"},
           {{"--data", "-"}, "SHA-256"},
           {{"--data", "/nowhere/x.csv"}, "/nowhere/x.csv"},
           {{"--data", data_, "--map", "colour=x"}, "colour"},
           {{"--data", data_, "--plan", "/nowhere/plan.yaml"}, "/nowhere/plan.yaml"}}) {
    std::vector<std::string> all = {"jobs", "submit"};
    all.insert(all.end(), words.begin(), words.end());
    const ProgramRun run = Ask(all);
    EXPECT_EQ(run.exit_code, 1) << testing::PrintToString(words);
    EXPECT_THAT(run.err, HasSubstr(remedy));
    EXPECT_THAT(run.out, IsEmpty());
  }
  EXPECT_THAT(server_.requests<v1::UploadHeader>(), IsEmpty());
}

TEST_F(JobSubmissionTest, ValidateIsOneWhereTheDataHasErrors) {
  server_.answers.validation.set_rows(2);
  EXPECT_EQ(Ask({"jobs", "validate", "--data", data_}).exit_code, 0);
  v1::DatasetFinding& finding = *server_.answers.validation.add_findings();
  finding.set_severity(v1::DatasetFinding::ERROR);
  finding.set_code("one_label");
  server_.answers.validation.set_has_errors(true);
  const ProgramRun run = Ask({"jobs", "validate", "--data", data_});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("tickets.csv cannot train: 1 kind"));
  EXPECT_EQ(ParseLines(run).at(0).dump(),
            R"({"rows":2,"findings":[{"severity":"ERROR","code":"one_label"}],"has_errors":true})");
}

}  // namespace
}  // namespace guichet
