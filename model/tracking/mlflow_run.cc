#include "model/tracking/mlflow_run.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/http/http_client.h"
#include "model/http/url.h"
#include "model/tracking/host_name.h"
#include "model/tracking/mlflow_batches.h"
#include "model/tracking/tracked_json.h"

namespace guichet {
namespace {

using Json = nlohmann::json;

constexpr const char* kIdTag = "guichet.run_id";

std::int64_t Milliseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

const char* StatusOf(RunEnd end) {
  switch (end) {
    case RunEnd::kFinished:
      return "FINISHED";
    case RunEnd::kFailed:
      return "FAILED";
    case RunEnd::kKilled:
      return "KILLED";
    case RunEnd::kSuspended:
      return "SCHEDULED";  // for another process
  }
  return "FAILED";
}

// The server's own words for what it refused.
absl::Status RefusalOf(const HttpAnswer& answer, const std::string& call) {
  const auto json = ParseStrictJson(answer.body);
  std::string reason;
  if (json.ok() && json->is_object()) {
    const auto text = [&](const char* name) {
      const auto found = json->find(name);
      return found != json->end() && found->is_string() ? found->get<std::string>() : "";
    };
    reason = fmt::format(" {}: {}", text("error_code"), text("message").substr(0, 300));
  }
  const std::string message = fmt::format("{} answered {}{}", call, answer.code, reason);
  if (answer.code == 404) return absl::NotFoundError(message);
  if (answer.code == 401 || answer.code == 403) {
    return absl::PermissionDeniedError(
        message +
        " (MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
        "MLFLOW_TRACKING_TOKEN, say who asks)");
  }
  if (answer.code == 429 || answer.code >= 500) return absl::UnavailableError(message);
  if (reason.find("RESOURCE_ALREADY_EXISTS") != std::string::npos) {
    return absl::AlreadyExistsError(message);
  }
  return absl::FailedPreconditionError(message);
}

class MlflowRun : public RunTracker {
 public:
  explicit MlflowRun(MlflowOptions options)
      : base_(BaseOf(options.url)),
        experiment_(std::move(options.experiment)),
        http_({.token = std::move(options.token),
               .user = std::move(options.user),
               .password = std::move(options.password)}) {}

  absl::Status Start(const TrackedRun& run) override;
  absl::Status Log(std::span<const TrackedRow> rows, std::size_t& logged) override;
  absl::Status Finish(RunEnd end, std::span<const TrackedValue> summary) override;
  void Cancel() override { http_.Cancel(); }

 private:
  static std::string BaseOf(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url + "/api/2.0/mlflow/";
  }

  absl::StatusOr<Json> Answer(const absl::StatusOr<HttpAnswer>& answer, const std::string& call);
  absl::StatusOr<Json> Get(const std::string& call, const std::string& query) {
    return Answer(http_.Get(base_ + call + query), call);
  }
  absl::StatusOr<Json> Post(const std::string& call, const std::string& body) {
    return Answer(http_.PostJson(base_ + call, body), call);
  }
  absl::StatusOr<Json> Post(const std::string& call, const Json& body) {
    return Post(call, body.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  absl::StatusOr<std::string> FindExperiment(const std::string& name);
  absl::StatusOr<std::string> MakeExperiment(const std::string& name);
  absl::Status FindRun(const std::string& experiment_id, const std::string& id);
  absl::Status MakeRun(const std::string& experiment_id, const TrackedRun& run);
  absl::Status LogConfig(const TrackedRun& run);
  MlflowBatches Batches() {
    return {run_id_,
            [this](const std::string& body) { return Post("runs/log-batch", body).status(); }};
  }

  const std::string base_;
  const std::string experiment_;
  HttpClient http_;
  std::string run_id_;  // of the server; empty: none yet
  bool tried_ = false;  // an earlier Start may have made the run
  std::int64_t step_ = 0;
};

absl::StatusOr<Json> MlflowRun::Answer(const absl::StatusOr<HttpAnswer>& answer,
                                       const std::string& call) {
  GUICHET_RETURN_IF_ERROR(answer.status());
  if (answer->code != 200) return RefusalOf(*answer, call);
  auto json = ParseStrictJson(answer->body);
  if (json.ok() && json->is_object()) return json;
  return absl::FailedPreconditionError(
      fmt::format("{} answered no JSON object; is this an MLflow server?", call));
}

// The text at a path of names; FAILED_PRECONDITION where there is none.
absl::StatusOr<std::string> TextAt(const Json& json, const char* path) {
  const Json::json_pointer pointer(path);
  if (json.contains(pointer) && json.at(pointer).is_string()) {
    return json.at(pointer).get<std::string>();
  }
  return absl::FailedPreconditionError(fmt::format("MLflow's answer has no {}", path));
}

absl::StatusOr<std::string> MlflowRun::FindExperiment(const std::string& name) {
  GUICHET_ASSIGN_OR_RETURN(
      const Json found, Get("experiments/get-by-name", "?experiment_name=" + PercentEncoded(name)));
  return TextAt(found, "/experiment/experiment_id");
}

absl::StatusOr<std::string> MlflowRun::MakeExperiment(const std::string& name) {
  auto found = FindExperiment(name);
  if (!absl::IsNotFound(found.status())) return found;
  const auto made = Post("experiments/create", Json{{"name", name}});
  if (absl::IsAlreadyExists(made.status())) return FindExperiment(name);  // another run's, just now
  GUICHET_RETURN_IF_ERROR(made.status());
  return TextAt(*made, "/experiment_id");
}

// Sets run_id_ when the run is there.
absl::Status MlflowRun::FindRun(const std::string& experiment_id, const std::string& id) {
  GUICHET_ASSIGN_OR_RETURN(
      const Json found,
      Post("runs/search", Json{{"experiment_ids", {experiment_id}},
                               {"filter", fmt::format("tags.`{}` = '{}'", kIdTag, id)},
                               {"max_results", 1}}));
  if (!found.contains("runs")) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(run_id_, TextAt(found, "/runs/0/info/run_id"));
  return absl::OkStatus();
}

absl::Status MlflowRun::MakeRun(const std::string& experiment_id, const TrackedRun& run) {
  const auto tag = [](const char* key, const std::string& value) {
    return Json{{"key", key}, {"value", value}};
  };
  GUICHET_ASSIGN_OR_RETURN(
      const Json made,
      Post("runs/create", Json{{"experiment_id", experiment_id},
                               {"run_name", run.name},
                               {"start_time", Milliseconds(run.started)},
                               {"tags",
                                {tag(kIdTag, run.id), tag("mlflow.source.name", "guichet"),
                                 tag("guichet.host", HostName())}}}));
  GUICHET_ASSIGN_OR_RETURN(run_id_, TextAt(made, "/run/info/run_id"));
  return absl::OkStatus();
}

// Parameters are written once; the same value again is no error.
absl::Status MlflowRun::LogConfig(const TrackedRun& run) {
  MlflowBatches batches = Batches();
  for (const TrackedValue& value : run.config) {
    GUICHET_RETURN_IF_ERROR(batches.AddParam(value.key, PlainText(value)));
  }
  return batches.Flush();
}

absl::Status MlflowRun::Start(const TrackedRun& run) {
  GUICHET_ASSIGN_OR_RETURN(const std::string experiment_id,
                           MakeExperiment(experiment_.empty() ? run.project : experiment_));
  if (run.resumed || tried_) GUICHET_RETURN_IF_ERROR(FindRun(experiment_id, run.id));
  tried_ = true;
  const bool found = !run_id_.empty();
  if (!found) GUICHET_RETURN_IF_ERROR(MakeRun(experiment_id, run));
  if (!found || !run.resumed) return LogConfig(run);
  return Post("runs/update", Json{{"run_id", run_id_}, {"status", "RUNNING"}}).status();
}

absl::Status MlflowRun::Log(std::span<const TrackedRow> rows, std::size_t& logged) {
  std::size_t whole = 0;  // rows given to batches so far
  MlflowBatches batches(run_id_, [&](const std::string& body) -> absl::Status {
    GUICHET_RETURN_IF_ERROR(Post("runs/log-batch", body).status());
    logged = whole;
    return absl::OkStatus();
  });
  for (const TrackedRow& row : rows) {
    for (const TrackedScalar& scalar : row.scalars) {
      GUICHET_RETURN_IF_ERROR(batches.AddMetric(scalar, row.step, row.time));
    }
    ++whole;
  }
  GUICHET_RETURN_IF_ERROR(batches.Flush());
  logged = whole;
  if (!rows.empty()) step_ = rows.back().step;
  return absl::OkStatus();
}

// Numbers become metrics at the last step, texts become tags.
absl::Status MlflowRun::Finish(RunEnd end, std::span<const TrackedValue> summary) {
  const WallTime now = Clock::System().WallNow();
  MlflowBatches batches = Batches();
  for (const TrackedValue& value : summary) {
    const auto json = Json::parse(value.json, nullptr, /*allow_exceptions=*/false);
    if (json.is_number()) {
      GUICHET_RETURN_IF_ERROR(batches.AddMetric({value.key, json.get<double>()}, step_, now));
    } else {
      GUICHET_RETURN_IF_ERROR(batches.AddTag(value.key, PlainText(value)));
    }
  }
  GUICHET_RETURN_IF_ERROR(batches.Flush());
  Json update = {{"run_id", run_id_}, {"status", StatusOf(end)}};
  if (end != RunEnd::kSuspended) update["end_time"] = Milliseconds(now);
  return Post("runs/update", update).status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunTracker>> MakeMlflowRun(MlflowOptions options) {
  return std::make_unique<MlflowRun>(std::move(options));
}

}  // namespace guichet
