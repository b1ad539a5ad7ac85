#include "model/tracking/mlflow_run.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/tracking/background_tracker.h"
#include "tests/support/scripted_http_server.h"

namespace guichet {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kApi = "/api/2.0/mlflow/";

TrackedRun ARun(bool resumed = false) {
  return {.id = "ab12cd34",
          .project = "desk à",
          .name = "tickets",
          .started = WallTime(std::chrono::seconds(1'700'000'000)),
          .resumed = resumed,
          .config = {{"epochs", "3"}, {"device", "\"cpu\""}},
          .plan = "epochs: 3\n"};
}

TrackedRow Row(std::int64_t step) {
  return {.step = step,
          .time = WallTime(std::chrono::seconds(1'700'000'000 + step)),
          .scalars = {{"train/loss", 1.5}}};
}

class MlflowRunTest : public ::testing::Test {
 protected:
  // What the server answers to a call (its path below /api/2.0/mlflow/).
  HttpReplyScript Answer(const HttpCall& call) {
    const std::string what = call.What();
    const std::string path = what.substr(what.find(kApi) + std::string_view(kApi).size());
    const auto scripted = answers_.find(path.substr(0, path.find('?')));
    return scripted == answers_.end() ? HttpReplyScript{} : scripted->second;
  }

  std::unique_ptr<RunTracker> Make(MlflowOptions options = {}) {
    options.url = server_.url();
    auto run = MakeMlflowRun(std::move(options));
    EXPECT_TRUE(run.ok()) << run.status();
    return *std::move(run);
  }

  std::vector<std::string> Calls() const {
    std::vector<std::string> calls;
    for (const HttpCall& call : server_.calls()) calls.push_back(call.What());
    return calls;
  }
  json Body(std::size_t call) const { return json::parse(server_.calls().at(call).body); }

  std::map<std::string, HttpReplyScript> answers_ = {
      {"experiments/get-by-name", {.body = R"({"experiment":{"experiment_id":"7"}})"}},
      {"runs/create", {.body = R"({"run":{"info":{"run_id":"r1"}}})"}}};
  ScriptedHttpServer server_{[this](const HttpCall& call) { return Answer(call); }};
};

TEST_F(MlflowRunTest, StartsLogsAndEndsARun) {
  const auto run = Make();
  ASSERT_TRUE(run->Start(ARun()).ok());
  std::size_t logged = 0;
  ASSERT_TRUE(run->Log(std::vector{Row(1), Row(2)}, logged).ok());
  EXPECT_EQ(logged, 2U);
  const std::vector<TrackedValue> summary = {{"accuracy", "0.75"}, {"hash", "\"00\""}};
  ASSERT_TRUE(run->Finish(RunEnd::kFinished, summary).ok());
  EXPECT_THAT(
      Calls(),
      ElementsAre("GET /api/2.0/mlflow/experiments/get-by-name"
                  "?experiment_name=desk%20%C3%A0",
                  "POST /api/2.0/mlflow/runs/create", "POST /api/2.0/mlflow/runs/log-batch",
                  "POST /api/2.0/mlflow/runs/log-batch", "POST /api/2.0/mlflow/runs/log-batch",
                  "POST /api/2.0/mlflow/runs/update"));
  EXPECT_EQ(Body(1)["experiment_id"], "7");
  EXPECT_EQ(Body(1)["run_name"], "tickets");
  EXPECT_EQ(Body(1)["start_time"], 1'700'000'000'000);
  EXPECT_EQ(Body(2)["params"],
            json::parse(R"([{"key":"epochs","value":"3"},{"key":"device","value":"cpu"}])"));
  EXPECT_EQ(Body(3)["metrics"][1]["step"], 2);
  EXPECT_EQ(Body(4)["metrics"][0]["key"], "accuracy");
  EXPECT_EQ(Body(4)["metrics"][0]["step"], 2);
  EXPECT_EQ(Body(4)["tags"][0]["value"], "00");
  EXPECT_EQ(Body(5)["status"], "FINISHED");
  EXPECT_TRUE(Body(5).contains("end_time"));
}

TEST_F(MlflowRunTest, EndsAreFinishedFailedAndKilled) {
  for (const auto& [end, status] : std::map<RunEnd, std::string>{{RunEnd::kFinished, "FINISHED"},
                                                                 {RunEnd::kFailed, "FAILED"},
                                                                 {RunEnd::kKilled, "KILLED"}}) {
    const auto run = Make();
    ASSERT_TRUE(run->Start(ARun()).ok());
    ASSERT_TRUE(run->Finish(end, {}).ok());
    EXPECT_EQ(json::parse(server_.calls().back().body)["status"], status);
  }
}

TEST_F(MlflowRunTest, MakesAnExperimentThatIsMissing) {
  answers_["experiments/get-by-name"] = {
      .code = 404, .body = R"({"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"})"};
  answers_["experiments/create"] = {.body = R"({"experiment_id":"8"})"};
  ASSERT_TRUE(Make({.experiment = "mine"})->Start(ARun()).ok());
  EXPECT_EQ(Body(1)["name"], "mine");
  EXPECT_EQ(Body(2)["experiment_id"], "8");
}

TEST_F(MlflowRunTest, AResumedRunIsFoundByItsTag) {
  answers_["runs/search"] = {.body = R"({"runs":[{"info":{"run_id":"old"}}]})"};
  ASSERT_TRUE(Make()->Start(ARun(/*resumed=*/true)).ok());
  EXPECT_EQ(Body(1)["filter"], "tags.`guichet.run_id` = 'ab12cd34'");
  EXPECT_EQ(Body(2), json::parse(R"({"run_id":"old","status":"RUNNING"})"));
  EXPECT_EQ(Calls().size(), 3U);
}

TEST_F(MlflowRunTest, ARunOfWhichTheAnswerWasLostIsNotMadeTwice) {
  answers_["runs/create"] = {.code = 500, .body = ""};
  const auto run = Make();
  EXPECT_EQ(run->Start(ARun()).code(), absl::StatusCode::kUnavailable);
  answers_["runs/search"] = {.body = R"({"runs":[{"info":{"run_id":"old"}}]})"};
  ASSERT_TRUE(run->Start(ARun()).ok());
  EXPECT_EQ(json::parse(server_.calls().back().body)["run_id"], "old");
}

TEST_F(MlflowRunTest, ShowsItsCredentials) {
  ASSERT_TRUE(Make({.token = "t0ken"})->Start(ARun()).ok());
  EXPECT_THAT(server_.calls().back().head, HasSubstr("Authorization: Bearer t0ken"));
  ASSERT_TRUE(Make({.token = "t0ken", .user = "me", .password = "pass"})->Start(ARun()).ok());
  EXPECT_THAT(server_.calls().back().head, HasSubstr("Authorization: Basic bWU6cGFzcw=="));
}

TEST_F(MlflowRunTest, RefusalsKeepTheServersWords) {
  answers_["runs/create"] = {
      .code = 400, .body = R"({"error_code":"INVALID_PARAMETER_VALUE","message":"bad name"})"};
  absl::Status status = Make()->Start(ARun());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("INVALID_PARAMETER_VALUE: bad name"));
  answers_["runs/create"] = {.code = 401, .body = "<html>"};
  status = Make()->Start(ARun());
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("MLFLOW_TRACKING_TOKEN"));
  answers_["runs/create"] = {.body = "<html>a web page</html>"};
  EXPECT_THAT(std::string(Make()->Start(ARun()).message()), HasSubstr("is this an MLflow server?"));
}

// A server that takes the connection and says nothing: what it costs a run.
TEST_F(MlflowRunTest, AServerThatHangsNeitherSlowsNorKeepsTheRun) {
  answers_["runs/log-batch"] = {.code = 200, .body = "", .hang = true};
  BackgroundTrackerOptions options;
  options.rows_patience = options.end_patience = std::chrono::milliseconds(100);
  BackgroundTracker tracker("mlflow:x", Make(), ARun(), options);
  const auto start = steady_clock::now();
  for (int step = 1; step <= 10'000; ++step) tracker.Log(Row(step));
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(2));
  tracker.BeginEnd(RunEnd::kFinished, {});
  const auto warning = tracker.AwaitEnd();
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(6));
  ASSERT_TRUE(warning);
  EXPECT_THAT(*warning, HasSubstr("10000 of 10000 rows were not recorded, nor the run's end"));
}

TEST(MlflowRunWithoutServerTest, ADeadPortIsAnErrorThatMayPass) {
  std::string url;
  {
    const ScriptedHttpServer gone([](const HttpCall&) { return HttpReplyScript{}; });
    url = gone.url();
  }
  const auto run = MakeMlflowRun({.url = url});
  ASSERT_TRUE(run.ok());
  const absl::Status status = (*run)->Start(ARun());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(url));
}

}  // namespace
}  // namespace guichet
