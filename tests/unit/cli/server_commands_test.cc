#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusal.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/cli/guichet_command.h"

// The commands that talk to a server, as processes against a gRPC server in this one.

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ServerCommandsTest : public testing::Test {
 protected:
  ProgramRun At(const std::string& target, std::vector<std::string> words,
                const std::string& input = "") {
    words.insert(words.end(), {"--server", target});
    return Guichet(words, input);
  }
  ProgramRun Ask(std::vector<std::string> words, const std::string& input = "") {
    return At(server_.target(), std::move(words), input);
  }
  void ThenFail(const grpc::Status& status) {
    server_.Then([status](const v1::ClassifyRequest&, v1::ClassifyResponse*) { return status; });
  }

  ScriptedServer server_;
};

TEST_F(ServerCommandsTest, HealthTellsByItsExitCode) {
  const ProgramRun serving = Ask({"health"});
  EXPECT_EQ(serving.exit_code, 0) << serving.err;
  EXPECT_THAT(serving.out, HasSubstr("\"SERVING\""));
  EXPECT_EQ(Ask({"health", "--service", "guichet.v1.Classification"}).exit_code, 0);
  const ProgramRun unknown = Ask({"health", "--service", "other"});
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_THAT(unknown.err, HasSubstr("NOT_FOUND"));
  server_.SetServing(false);
  EXPECT_EQ(Ask({"health"}).exit_code, 4);
  const ProgramRun nobody = At("127.0.0.1:1", {"health"});
  EXPECT_EQ(nobody.exit_code, 3);
  EXPECT_THAT(nobody.err, HasSubstr("cannot reach 127.0.0.1:1"));
  EXPECT_THAT(nobody.out, IsEmpty());
}

TEST_F(ServerCommandsTest, TheEnvironmentNamesTheServer) {
  const ProgramRun run =
      RunProgram({"/usr/bin/env", "GUICHET_SERVER=" + server_.target(), GUICHET_PROGRAM, "health"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

TEST_F(ServerCommandsTest, ClassifiesInTheOrderOfTheFile) {
  std::string input;
  for (int i = 0; i < 1000; ++i) input += "ticket " + std::to_string(i) + "\n";
  const ProgramRun run = Ask({"classify", "--texts-per-call", "7", "-"}, input);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, IsEmpty());
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(1000));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["label"], "ticket " + std::to_string(i));  // the server's label is the text
  }
  EXPECT_THAT(KeysOf(lines[0]), ElementsAre("label", "score", "scores", "abstained", "tokens",
                                            "truncated", "version"));
  EXPECT_EQ(lines[0]["scores"][0].dump(), R"({"label":"ticket 0","score":1.0})");
}

TEST_F(ServerCommandsTest, ALivePipeIsAnsweredAsItComes) {
  // The second ticket is written only once the first is answered.
  const TempFolder folder;
  const ProgramRun run = RunProgram(
      {"/bin/sh", "-c",
       R"((echo un; echo; i=0; until [ -s "$1" ]; do sleep 0.05; i=$((i+1)); [ $i -lt 200 ] || exit 1; done; echo deux) |
          "$2" classify --server "$3" - > "$1"; cat "$1")",
       "sh", (folder.path() / "answers").string(), GUICHET_PROGRAM, server_.target()});
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(3)) << run.err;
  EXPECT_EQ(lines[0]["label"], "un");
  EXPECT_TRUE(lines[1].contains("error"));  // the blank line holds nothing up
  EXPECT_EQ(lines[2]["label"], "deux");
}

TEST_F(ServerCommandsTest, EndsWellTimeAfterTime) {
  // The client goes as soon as the answer is there, while gRPC's thread still leaves the callback:
  // in a process of its own, as a server beside it would keep that thread alive.
  for (int i = 0; i < 40; ++i) {
    const ProgramRun run = Ask({"classify", "-"}, "a\n");
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
}

TEST_F(ServerCommandsTest, OptionsReachTheServer) {
  const ProgramRun run = Ask({"classify", "--model", "tickets", "--version", "3", "--top-k", "2",
                              "--min-score", "0.25", "--input", "jsonl", "-"},
                             R"({"id":"7","subject":"VPN","text":"coupé"})");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(ParseLines(run).at(0)["id"], "7");
  const auto requests = server_.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].options().model(), "tickets");
  EXPECT_EQ(requests[0].options().version(), 3);
  EXPECT_EQ(requests[0].options().top_k(), 2);
  EXPECT_FLOAT_EQ(requests[0].options().min_score(), 0.25F);
  EXPECT_EQ(requests[0].tickets(0).subject(), "VPN");
  EXPECT_EQ(requests[0].tickets(0).body(), "coupé");
}

TEST_F(ServerCommandsTest, AFailedLineStandsInItsPlace) {
  server_.Then([](const v1::ClassifyRequest& request, v1::ClassifyResponse* response) {
    const grpc::Status status = ScriptedServer::AnswerAll(request, response);
    response->mutable_results(1)->clear_scores();
    response->mutable_results(1)->mutable_status()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
    response->mutable_results(1)->mutable_status()->set_message("too long");
    return status;
  });
  // The second is refused by the server, the third before it is sent.
  const ProgramRun run = Ask({"classify", "--input", "jsonl", "-"},
                             "{\"body\":\"a\"}\n{\"id\":\"x\",\"body\":\"b\"}\nnonsense\n"
                             "{\"body\":\"d\"}\n");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("some inputs failed"));
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0]["label"], "a");
  EXPECT_EQ(lines[1].dump(),
            R"({"id":"x","error":{"code":"INVALID_ARGUMENT","message":"too long"}})");
  EXPECT_EQ(lines[2]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_THAT(lines[2]["error"]["message"].get<std::string>(), HasSubstr("line 3"));
  EXPECT_EQ(lines[3]["label"], "d");
}

TEST_F(ServerCommandsTest, RepeatsWhatFailsForAMoment) {
  ThenFail(Refusal(grpc::StatusCode::UNAVAILABLE, "draining"));
  const ProgramRun run = Ask({"classify", "-"}, "a\n");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(ServerCommandsTest, ARefusalForEveryCallEndsWithFour) {
  ThenFail(Refusal(grpc::StatusCode::NOT_FOUND, "no model is called other"));
  const ProgramRun run = Ask({"classify", "--model", "other", "-"}, "a\nb\n");
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_THAT(run.err, HasSubstr("no model is called other"));
}

TEST_F(ServerCommandsTest, NobodyThereIsThree) {
  const ProgramRun run = At("127.0.0.1:1", {"classify", "-"}, "a\n");
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("cannot reach 127.0.0.1:1"));
  EXPECT_EQ(At("127.0.0.1:1", {"bench", "--seconds", "0.1", "--warm-up", "0"}).exit_code, 3);
}

TEST_F(ServerCommandsTest, AnInterruptEndsCleanly) {
  ThenFail(grpc::Status::CANCELLED);  // the script's word for silence
  RunningProgram program(GuichetCommand({"classify", "-", "--server", server_.target()}), "a\n");
  while (server_.requests().empty()) std::this_thread::yield();
  program.Signal(SIGINT);
  EXPECT_EQ(program.Wait().exit_code, 128 + SIGINT);
}

TEST_F(ServerCommandsTest, ATokenNeedsTlsBeyondThisMachine) {
  const TempFolder folder;
  const std::string file = (folder.path() / "token").string();
  std::ofstream(file) << "s3cret";
  EXPECT_EQ(Ask({"classify", "--token-file", file, "-"}, "a\n").exit_code, 0);
  EXPECT_EQ(server_.tokens().back(), "Bearer s3cret");
  const ProgramRun far = At("helpdesk.example:1", {"health", "--token-file", file});
  EXPECT_EQ(far.exit_code, 1);
  EXPECT_THAT(far.err, HasSubstr("needs TLS"));
}

TEST_F(ServerCommandsTest, BenchMeasuresAClosedLoop) {
  const ProgramRun run = Ask({"bench", "--concurrency", "8", "--seconds", "0.3", "--warm-up",
                              "0.05", "--texts-per-call", "2"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto report = ParseLines(run).at(0);
  EXPECT_EQ(report["mode"], "closed");
  EXPECT_EQ(report["concurrency"], 8);
  EXPECT_GT(report["texts_per_second"], 0);
  EXPECT_THAT(KeysOf(report["latency_ms"]),
              ElementsAre("mean", "p50", "p95", "p99", "p99.9", "max"));
  EXPECT_LE(report["latency_ms"]["p50"], report["latency_ms"]["p99"]);
  EXPECT_TRUE(report["errors"].empty());
  EXPECT_EQ(server_.requests()[0].tickets_size(), 2);
}

TEST_F(ServerCommandsTest, BenchMeasuresAnOpenLoopAndErrorsByCode) {
  for (int i = 0; i < 3; ++i) ThenFail(Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "full"));
  const ProgramRun run = Ask({"bench", "--rate", "200", "--seconds", "0.5", "--warm-up", "0"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto report = ParseLines(run).at(0);
  EXPECT_EQ(report["mode"], "open");
  EXPECT_EQ(report["errors"]["RESOURCE_EXHAUSTED"], 3);
  // 100 arrivals on average, with a standard deviation of 10.
  EXPECT_GT(report["calls"], 50);
  EXPECT_LT(report["calls"], 150);
}

}  // namespace
}  // namespace guichet
