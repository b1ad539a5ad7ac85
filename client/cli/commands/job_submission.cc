#include "client/cli/commands/job_submission.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "client/cli/input.h"
#include "client/cli/interrupt.h"
#include "client/cli/job_watch.h"
#include "client/cli/message_json.h"
#include "client/cli/operator_session.h"
#include "client/cli/progress_bar.h"
#include "client/cli/request_ids.h"
#include "model/data/dataset_form.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxPlanBytes = std::size_t{1} << 20;

// The labelled tickets of a job: a file here that is uploaded, or one of the server.
struct DataOptions {
  std::string file;
  bool on_server = false;
  DatasetForm form;
};

struct GateFlags {
  std::optional<int> min_rows;
  std::optional<double> margin;
  std::vector<std::string> protected_labels;
};

struct SubmitOptions {
  ServerOptions server{.timeout_seconds = 30};
  DataOptions data;
  GateFlags gate;
  std::string plan;
  std::string model;
  std::string base;
  std::string policy = "auto";
  std::string request_id;
  double validation_share = 0;
  double holdout_share = 0;
  bool include_feedback = false;
  bool watch = false;
  bool quiet = false;
};

struct ValidateOptions {
  ServerOptions server{.timeout_seconds = 120};
  DataOptions data;
  bool quiet = false;
};

// What the server would refuse only after a long upload.
absl::Status CheckData(const DataOptions& options) {
  GUICHET_RETURN_IF_ERROR(ToReaderOptions(options.form).status());
  if (options.file == "-") {
    return absl::InvalidArgumentError(
        "--data is a file, not stdin: its SHA-256 is sent before its bytes");
  }
  if (options.form.format.empty() && GuessTicketFormat(options.file) == TicketFormat::kText) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: its name does not tell its form; give --format jsonl, csv or tsv", options.file));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DatasetSource> Upload(OperatorClient& client, DatasetFile& file,
                                         ProgressBar& bar) {
  bool sent = false;
  const auto response = client.UploadDataset(file, [&](std::int64_t done) {
    if (!sent) bar.Line(fmt::format("uploading {}: {} bytes", file.name(), file.size()));
    sent = true;
    bar.Show(done, file.size(), "uploading " + file.name());
  });
  if (!response.ok()) {
    if (Interrupted())
      bar.Line("stopped; the same command goes on with the bytes that are missing");
    return response.status();
  }
  if (!sent) bar.Line(fmt::format("the server holds {} already", file.name()));
  v1::DatasetSource source;
  source.set_dataset_id(response->dataset_id());
  return source;
}

// Runs `work` with a client and the data where the server can read it; returns the exit code.
int WithData(const DataOptions& options, const ServerOptions& server, bool quiet,
             const std::function<int(OperatorClient&, const v1::DatasetSource&)>& work) {
  const auto client = ConnectOperator(server);
  if (!client.ok()) return Fail(client.status());
  v1::DatasetSource source;
  if (options.on_server) {
    source.set_path(options.file);
  } else {
    if (const absl::Status status = CheckData(options); !status.ok()) return Fail(status);
    auto file = DatasetFile::Open(options.file, Interrupted);
    if (!file.ok()) return Interrupted() ? int{kExitFailed} : Fail(file.status());
    ProgressBar bar(quiet);
    auto uploaded = Upload(**client, *file, bar);
    if (!uploaded.ok()) {
      return FailAtOperation(server, uploaded.status(),
                             {{absl::StatusCode::kAborted, "wait for the other upload"}});
    }
    source = *std::move(uploaded);
  }
  source.set_format(options.form.format);
  source.set_columns(options.form.columns);
  source.set_preset(options.form.preset);
  source.set_encoding(options.form.encoding);
  return work(**client, source);
}

v1::PromotionPolicy PolicyOf(const std::string& word) {
  if (word == "ask") return v1::ASK;
  return word == "never" ? v1::NEVER : v1::AUTO;
}

absl::StatusOr<v1::TrainRequest> MakeRequest(const SubmitOptions& options) {
  v1::TrainRequest request;
  request.set_request_id(options.request_id.empty() ? RandomRequestId() : options.request_id);
  request.set_model(options.model);
  request.set_base(options.base);
  request.set_policy(PolicyOf(options.policy));
  request.set_validation_share(options.validation_share);
  request.set_holdout_share(options.holdout_share);
  request.set_include_feedback(options.include_feedback);
  if (!options.plan.empty()) {
    GUICHET_ASSIGN_OR_RETURN(*request.mutable_plan(), ReadFile(options.plan, kMaxPlanBytes));
  }
  const GateFlags& gate = options.gate;
  if (gate.min_rows) request.mutable_gate()->set_min_rows(*gate.min_rows);
  if (gate.margin) request.mutable_gate()->set_margin(*gate.margin);
  for (const std::string& label : gate.protected_labels) {
    request.mutable_gate()->add_protected_labels(label);
  }
  return request;
}

int Submit(const SubmitOptions& options) {
  auto request = MakeRequest(options);  // first: a wrong plan shows before a long upload
  if (!request.ok()) return Fail(request.status());
  const auto train = [&](OperatorClient& client, const v1::DatasetSource& source) -> int {
    *request->mutable_data() = source;
    const auto job = client.Train(*request);
    if (!job.ok()) {
      const std::string once = fmt::format(
          "with --request-id {} the same command starts no second job", request->request_id());
      return FailAtOperation(options.server, job.status(),
                             {{absl::StatusCode::kAlreadyExists, "choose another --request-id"},
                              {absl::StatusCode::kUnavailable, once},
                              {absl::StatusCode::kDeadlineExceeded, once}});
    }
    if (options.watch) return WatchToItsEnd(client, options.server, *job, 0, options.quiet);
    const absl::Status written = WriteJsonLine(ToJson(*job));
    if (!written.ok()) return Fail(written);
    ProgressBar(options.quiet)
        .Line(fmt::format("job {} is {}; `guichet jobs watch {}` follows it", job->id(),
                          v1::JobState_Name(job->state()), job->id()));
    return kExitOk;
  };
  return WithData(options.data, options.server, options.quiet, train);
}

int Validate(const ValidateOptions& options) {
  const auto validate = [&](OperatorClient& client, const v1::DatasetSource& source) -> int {
    v1::ValidateDatasetRequest request;
    *request.mutable_data() = source;
    const auto response = client.ValidateDataset(request);
    if (!response.ok()) return FailAtOperation(options.server, response.status(), {});
    const absl::Status written = WriteJsonLine(ToJson(*response));
    if (!written.ok()) return Fail(written);
    if (!response->has_errors()) return kExitOk;
    const auto errors =
        std::ranges::count_if(response->findings(), [](const v1::DatasetFinding& finding) {
          return finding.severity() == v1::DatasetFinding::ERROR;
        });
    return Fail(fmt::format("{} cannot train: {} {} of errors; the findings say on which lines",
                            options.data.file, errors, errors == 1 ? "kind" : "kinds"));
  };
  return WithData(options.data, options.server, options.quiet, validate);
}

void AddDataOptions(CLI::App& command, DataOptions& options) {
  command
      .add_option("--data", options.file,
                  "labelled tickets: jsonl, csv or tsv; uploaded unless the server holds the same")
      ->required()
      ->type_name("FILE");
  command.add_flag("--server-path", options.on_server,
                   "FILE is a path of the server, below one of its training.dataset_roots");
  command.add_option("--format", options.form.format, "the file's form (default: by its name)")
      ->check(CLI::IsMember({"jsonl", "csv", "tsv"}));
  AddFormOptions(command, options.form);
}

void AddGateOptions(CLI::App& command, GateFlags& gate) {
  command
      .add_option("--gate-min-rows", gate.min_rows,
                  "held-out rows below which nothing is promoted (default: 50)")
      ->check(CLI::Range(1, 1'000'000));
  command
      .add_option("--gate-margin", gate.margin,
                  "loss of macro-F1 that counts as none (default: 0.005)")
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_option("--protected-labels", gate.protected_labels,
                  "labels that must not lose recall, with commas between (default: all)")
      ->delimiter(',');
}

void AddSubmit(CLI::App& jobs, CommandContext& context) {
  auto options = std::make_shared<SubmitOptions>();
  CLI::App* command =
      jobs.add_subcommand("submit", "train a new version beside the one in service");
  AddDataOptions(*command, options->data);
  command
      ->add_option("--plan", options->plan,
                   "a YAML file of plan fields, as `guichet train --plan` reads it")
      ->type_name("PLAN.yaml");
  command->add_flag("--include-feedback", options->include_feedback,
                    "train on the server's corrections, too; they overrule the data");
  command->add_flag("--watch", options->watch, "follow the job to its end and tell its verdict");
  command->add_option("--model", options->model, "the model's name (default: the server's)");
  command
      ->add_option("--base", options->base,
                   "a bundle or Hugging Face folder of the server to start from (default: the "
                   "version in service)")
      ->type_name("DIR");
  command
      ->add_option("--policy", options->policy,
                   "a version that passes the gate goes in service (auto), waits for `guichet "
                   "models promote` (ask), or is for comparison (never)")
      ->check(CLI::IsMember({"auto", "ask", "never"}))
      ->capture_default_str();
  command
      ->add_option("--request-id", options->request_id,
                   "the same one never starts a second job (default: random)")
      ->check(RequestId());
  command
      ->add_option("--holdout-share", options->holdout_share,
                   "of new tickets, kept aside for ever to judge candidates (default: 0.2)")
      ->check(CLI::Range(0.01, 0.9));
  command
      ->add_option("--validation-share", options->validation_share,
                   "of the tickets that train (default: 0.1)")
      ->check(CLI::Range(0.01, 0.9));
  AddGateOptions(*command, options->gate);
  AddServerOptions(
      *command, options->server,
      "time for each call, retries included; an upload or a watch takes what it needs");
  command->callback([&context, options] {
    options->quiet = context.quiet;
    context.run = [options] { return Submit(*options); };
  });
}

void AddValidate(CLI::App& jobs, CommandContext& context) {
  auto options = std::make_shared<ValidateOptions>();
  CLI::App* command = jobs.add_subcommand(
      "validate", "what would hurt training, with line numbers; exit 1 when it cannot train");
  AddDataOptions(*command, options->data);
  AddServerOptions(*command, options->server,
                   "time for each call, retries included; an upload takes what it needs");
  command->callback([&context, options] {
    options->quiet = context.quiet;
    context.run = [options] { return Validate(*options); };
  });
}

}  // namespace

void AddSubmissionCommands(CLI::App& jobs, CommandContext& context) {
  AddSubmit(jobs, context);
  AddValidate(jobs, context);
}

}  // namespace guichet
