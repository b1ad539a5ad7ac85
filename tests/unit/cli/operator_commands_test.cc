#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusal.h"
#include "tests/unit/cli/operator_fixture.h"

// `guichet jobs` and `guichet models` as processes, against a gRPC server in this one.

namespace guichet {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

v1::WatchJobResponse Event(const v1::Job& job) {
  v1::WatchJobResponse event;
  *event.mutable_job() = job;
  return event;
}

v1::WatchJobResponse Progress(std::int64_t sequence, const std::string& message) {
  v1::WatchJobResponse event;
  event.mutable_progress()->set_sequence(sequence);
  event.mutable_progress()->set_stage("read");
  event.mutable_progress()->set_message(message);
  return event;
}

v1::Job Promoted() {
  v1::Job job = JobIn(v1::SUCCEEDED);
  job.set_verdict(v1::PROMOTE);
  job.set_version(4);
  job.set_promoted(true);
  return job;
}

TEST_F(OperatorCommandsTest, WrongUsageIsTwo) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"jobs"},
           {"jobs", "submit"},
           {"jobs", "submit", "--data", "x.csv", "--policy", "maybe"},
           {"jobs", "submit", "--data", "x.csv", "--request-id", "two words"},
           {"jobs", "submit", "--data", "x.csv", "--request-id", std::string(129, 'x')},
           {"jobs", "submit", "--data", "x.csv", "--holdout-share", "1"},
           {"jobs", "submit", "--data", "x.csv", "--format", "text"},
           {"jobs", "show"},
           {"jobs", "list", "--limit", "-1"},
           {"models", "promote"},
           {"models", "promote", "0"},
           {"models", "delete", "x"}}) {
    const ProgramRun run = Guichet(words);
    EXPECT_EQ(run.exit_code, 2) << testing::PrintToString(words);
    EXPECT_THAT(run.out, IsEmpty());
  }
}

TEST_F(OperatorCommandsTest, WatchTellsLinesAndTheVerdict) {
  server_.answers.job = JobIn(v1::QUEUED);
  v1::WatchJobResponse epoch = Progress(2, "epoch 1 has ended");
  epoch.mutable_progress()->set_stage("train");
  epoch.mutable_progress()->set_epoch(1);
  epoch.mutable_progress()->set_accuracy(0.9);
  epoch.mutable_progress()->set_macro_f1(0.875);
  server_.answers.watch = {Event(JobIn(v1::RUNNING)), Progress(1, "2 tickets"), epoch,
                           Event(Promoted())};
  const ProgramRun run = Ask({"jobs", "submit", "--data", data_, "--watch"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ASSERT_THAT(run.Lines(), SizeIs(1));
  EXPECT_EQ(ParseLines(run)[0]["verdict"], "PROMOTE");
  EXPECT_THAT(run.err,
              AllOf(HasSubstr("job j1 is RUNNING\n"), HasSubstr("read: 2 tickets\n"),
                    HasSubstr("epoch  1  validation: accuracy 0.900, macro-F1 0.875\n"),
                    HasSubstr("verdict PROMOTE: version 4 is in service\n"), Not(HasSubstr("\r"))));
}

TEST_F(OperatorCommandsTest, WatchTellsWhyAVersionIsNotInService) {
  v1::Job held = JobIn(v1::SUCCEEDED);
  held.set_version(5);
  held.set_verdict(v1::HOLD);
  held.set_gate_json(R"({"verdict":"HOLD","reasons":["12 held-out rows; 50 are needed","other"]})");
  server_.answers.watch = {Event(held)};
  const ProgramRun hold = Ask({"jobs", "watch", "j1"});
  EXPECT_EQ(hold.exit_code, 0) << hold.err;
  EXPECT_THAT(hold.err, HasSubstr("verdict HOLD: version 5 is published, not in service; 12 "
                                  "held-out rows; 50 are needed\n"));

  v1::Job asked = Promoted();
  asked.set_promoted(false);
  asked.set_note("its job said ASK");
  server_.answers.watch = {Event(asked)};
  EXPECT_THAT(Ask({"jobs", "watch", "j1"}).err,
              HasSubstr("verdict PROMOTE: version 4 is published, not in service; its job said "
                        "ASK; `guichet models promote 4` puts it in service\n"));
}

TEST_F(OperatorCommandsTest, AJobThatFailsIsOne) {
  v1::Job failed = JobIn(v1::FAILED);
  failed.mutable_error()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
  failed.mutable_error()->set_message("fewer than two labels");
  server_.answers.watch = {Event(failed)};
  const ProgramRun run = Ask({"jobs", "watch", "j1", "--quiet"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "guichet: job j1 failed: INVALID_ARGUMENT: fewer than two labels\n");
  EXPECT_EQ(ParseLines(run).at(0)["error"].dump(),
            R"({"code":"INVALID_ARGUMENT","message":"fewer than two labels"})");
  server_.answers.watch = {Event(JobIn(v1::CANCELLED))};
  const ProgramRun cancelled = Ask({"jobs", "watch", "j1"});
  EXPECT_EQ(cancelled.exit_code, 1);
  EXPECT_THAT(cancelled.err, HasSubstr("job j1 was cancelled"));
}

TEST_F(OperatorCommandsTest, WatchGoesOnAfterALineAndARestart) {
  server_.answers.job = JobIn(v1::RUNNING);
  server_.answers.watch = {Progress(3, "three"), Progress(4, "four"), Progress(5, "five"),
                           Event(Promoted())};
  server_.ThenWatch([](grpc::ServerContext&, const v1::WatchJobRequest&,
                       ScriptedOperatorServer::WatchWriter& writer) {
    writer.Write(Progress(4, "four"));
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server restarts");
  });
  const ProgramRun run = Ask({"jobs", "watch", "j1", "--after", "3"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, MatchesRegex("read: four\nlost the server: the server restarts; trying "
                                    "again\nread: five\nverdict [^\n]*\n"));
}

TEST_F(OperatorCommandsTest, AnInterruptEndsTheWatchNotTheJob) {
  server_.answers.job = JobIn(v1::RUNNING);
  server_.ThenWatch([](grpc::ServerContext& context, const v1::WatchJobRequest&,
                       ScriptedOperatorServer::WatchWriter& writer) {
    writer.Write(Progress(7, "seven"));
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  });
  RunningProgram program(GuichetCommand(Words({"jobs", "watch", "j1"})), "");
  while (server_.requests<v1::WatchJobRequest>().empty()) std::this_thread::yield();
  program.Signal(SIGINT);
  const ProgramRun run = program.Wait();
  EXPECT_EQ(run.exit_code, 128 + SIGINT);
  EXPECT_THAT(run.err, HasSubstr("the job goes on; `guichet jobs watch j1 --after "));
  EXPECT_THAT(run.err, Not(HasSubstr("refused")));
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_THAT(server_.requests<v1::CancelJobRequest>(), IsEmpty());
}

TEST_F(OperatorCommandsTest, ShowHasTheKeysOfTheProto) {
  v1::Job job = Promoted();
  job.mutable_create_time()->set_seconds(1'700'000'000);
  job.mutable_progress()->set_sequence(std::int64_t{1} << 40);
  job.mutable_progress()->set_loss(0);
  job.set_gate_json(R"({"verdict":"PROMOTE","rows":120})");
  job.set_summary_json("{}");
  job.set_training_rows(700);
  v1::DatasetFinding& warning = *job.add_warnings();
  warning.set_severity(v1::DatasetFinding::WARNING);
  warning.set_code("few_rows");
  warning.add_lines(3);
  warning.add_lines(9);
  server_.answers.job = job;
  const ProgramRun run = Ask({"jobs", "show", "j1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, R"({"id":"j1","state":"SUCCEEDED","create_time":"2023-11-14T22:13:20Z",)"
                     R"("progress":{"sequence":1099511627776,"loss":0.0},"verdict":"PROMOTE",)"
                     R"("gate":{"verdict":"PROMOTE","rows":120},"summary":{},"training_rows":700,)"
                     R"("version":4,"promoted":true,)"
                     R"("warnings":[{"severity":"WARNING","code":"few_rows","lines":[3,9]}]})"
                     "\n");
  EXPECT_EQ(server_.requests<v1::GetJobRequest>().at(0).job_id(), "j1");
}

TEST_F(OperatorCommandsTest, AFieldThatHoldsNoJsonKeepsItsName) {
  v1::Job job = JobIn(v1::SUCCEEDED);
  job.set_gate_json("null");  // there was no version to judge against
  job.set_summary_json("not json");
  server_.answers.job = job;
  const auto line = ParseLines(Ask({"jobs", "show", "j1"})).at(0);
  EXPECT_THAT(KeysOf(line), ElementsAre("id", "state", "summary_json", "promoted"));
}

TEST_F(OperatorCommandsTest, ListGoesThroughAllPages) {
  for (int i = 0; i < 450; ++i) {
    server_.answers.jobs.push_back(JobIn(v1::SUCCEEDED));
    server_.answers.jobs.back().set_id("j" + std::to_string(i));
  }
  const ProgramRun all = Ask({"jobs", "list"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  const auto lines = ParseLines(all);
  ASSERT_THAT(lines, SizeIs(450));
  EXPECT_EQ(lines[449]["id"], "j449");
  EXPECT_THAT(server_.requests<v1::ListJobsRequest>(), SizeIs(3));
  const ProgramRun some = Ask({"jobs", "list", "--limit", "201"});
  EXPECT_THAT(some.Lines(), SizeIs(201));
  EXPECT_EQ(server_.requests<v1::ListJobsRequest>().at(4).page_size(), 1);
}

TEST_F(OperatorCommandsTest, CancelAsksForTheJob) {
  server_.answers.job = JobIn(v1::CANCELLED);
  const ProgramRun run = Ask({"jobs", "cancel", "j1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(server_.requests<v1::CancelJobRequest>().at(0).job_id(), "j1");
  EXPECT_EQ(ParseLines(run).at(0)["state"], "CANCELLED");
}

TEST_F(OperatorCommandsTest, ModelsAreListedWithWhatIsInService) {
  for (int i = 1; i <= 2; ++i) {
    v1::ModelVersion& version = *server_.answers.versions.add_versions();
    version.set_version(i);
    version.set_state(i == 2 ? v1::IN_SERVICE : v1::STORED);
    version.set_metrics_json(R"({"accuracy":0.9})");
    version.add_labels("Réseau");
  }
  server_.answers.versions.set_version_in_service(2);
  server_.answers.versions.set_previous_version(1);
  const ProgramRun run = Ask({"models", "list", "--model", "tickets"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.Lines().at(1),
            R"({"version":2,"state":"IN_SERVICE","pinned":false,"labels":["Réseau"],)"
            R"("metrics":{"accuracy":0.9}})");
  EXPECT_EQ(run.err, "version 2 is in service; rollback goes to version 1\n");
  EXPECT_EQ(server_.requests<v1::ListVersionsRequest>().at(0).model(), "tickets");
}

TEST_F(OperatorCommandsTest, ModelsAreChangedAsAsked) {
  server_.answers.version.set_version(3);
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "models");
    words.insert(words.end(), {"--model", "tickets"});
    const ProgramRun run = Ask(words);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return ParseLines(run).at(0);
  };
  EXPECT_EQ(ask({"show"})["version"], 3);
  ask({"show", "7"});
  ask({"promote", "3", "--expect", "2", "--force"});
  ask({"rollback", "--expect", "3"});
  ask({"pin", "3"});
  ask({"pin", "3", "--off"});
  EXPECT_EQ(ask({"delete", "1"}).dump(), R"({"version":1,"deleted":true})");
  EXPECT_EQ(server_.requests<v1::GetVersionRequest>().at(0).version(), 0);
  EXPECT_EQ(server_.requests<v1::GetVersionRequest>().at(1).version(), 7);
  const v1::PromoteRequest promote = server_.requests<v1::PromoteRequest>().at(0);
  EXPECT_EQ(promote.model(), "tickets");
  EXPECT_EQ(promote.version(), 3);
  EXPECT_EQ(promote.expected_version_in_service(), 2);
  EXPECT_TRUE(promote.force());
  EXPECT_EQ(server_.requests<v1::RollbackRequest>().at(0).expected_version_in_service(), 3);
  EXPECT_TRUE(server_.requests<v1::PinRequest>().at(0).pinned());
  EXPECT_FALSE(server_.requests<v1::PinRequest>().at(1).pinned());
  EXPECT_EQ(server_.requests<v1::DeleteVersionRequest>().at(0).version(), 1);
}

TEST_F(OperatorCommandsTest, RefusalsAreFourAndSayWhatToDo) {
  server_.ThenFail("GetJob", Refusal(grpc::StatusCode::NOT_FOUND, "no job is called j9"));
  const ProgramRun job = Ask({"jobs", "show", "j9"});
  EXPECT_EQ(job.exit_code, 4);
  EXPECT_THAT(job.err, HasSubstr("NOT_FOUND: no job is called j9 (`guichet jobs list` shows"));
  server_.ThenFail("Promote", Refusal(grpc::StatusCode::ABORTED, "version 5 came into service"));
  const ProgramRun promote = Ask({"models", "promote", "3", "--expect", "4"});
  EXPECT_EQ(promote.exit_code, 4);
  EXPECT_THAT(promote.err, HasSubstr("`guichet models list` shows what is in service"));
  server_.ThenFail("Train", Refusal(grpc::StatusCode::ALREADY_EXISTS, "it asked for another plan"));
  const ProgramRun submit = Ask({"jobs", "submit", "--data", data_, "--request-id", "x"});
  EXPECT_EQ(submit.exit_code, 4);
  EXPECT_THAT(submit.err, HasSubstr("choose another --request-id"));
  server_.ThenFail("Rollback", Refusal(grpc::StatusCode::DATA_LOSS, "the version is damaged"));
  EXPECT_EQ(Ask({"models", "rollback"}).exit_code, 4);
  server_.ThenFail("UploadDataset", Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "no room"));
  EXPECT_EQ(Ask({"jobs", "submit", "--data", data_}).exit_code, 4);
  for (const ProgramRun& run : {job, promote, submit}) EXPECT_THAT(run.out, IsEmpty());
}

TEST_F(OperatorCommandsTest, NobodyThereIsThree) {
  server_.Stop();
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"jobs", "list"},
                                             {"jobs", "watch", "j1"},
                                             {"jobs", "submit", "--data", data_},
                                             {"models", "list"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--timeout", "0.3"});
    const ProgramRun run = Ask(all);
    EXPECT_EQ(run.exit_code, 3) << testing::PrintToString(words);
    EXPECT_THAT(run.err, HasSubstr("cannot reach " + server_.target()));
  }
  const ProgramRun promote = Ask({"models", "promote", "3"});
  EXPECT_EQ(promote.exit_code, 3);
  EXPECT_THAT(promote.err, HasSubstr("whether it was done is not known"));
}

}  // namespace
}  // namespace guichet
