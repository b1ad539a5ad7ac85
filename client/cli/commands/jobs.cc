#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "client/cli/commands/job_submission.h"
#include "client/cli/commands/server_commands.h"
#include "client/cli/job_watch.h"
#include "client/cli/message_json.h"
#include "client/cli/operator_session.h"

namespace guichet {
namespace {

constexpr std::int64_t kPageSize = 200;

const std::vector<Remedy> kRemedies = {
    {absl::StatusCode::kNotFound, "`guichet jobs list` shows the jobs"}};

struct ListOptions {
  ServerOptions server;
  std::int64_t limit = 0;
};

struct JobOptions {
  ServerOptions server;
  std::string id;
  std::int64_t after = 0;
  bool quiet = false;
};

int List(const ListOptions& options) {
  const auto client = ConnectOperator(options.server);
  if (!client.ok()) return Fail(client.status());
  std::int64_t left = options.limit == 0 ? INT64_MAX : options.limit;
  v1::ListJobsRequest request;
  while (left > 0) {
    request.set_page_size(static_cast<int>(std::min(left, kPageSize)));
    const auto page = (*client)->ListJobs(request);
    if (!page.ok()) return FailAtOperation(options.server, page.status(), {});
    for (const v1::Job& job : page->jobs()) {
      if (left-- == 0) return kExitOk;
      const absl::Status written = WriteJsonLine(ToJson(job));
      if (!written.ok()) return Fail(written);
    }
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  return kExitOk;
}

v1::GetJobRequest GetRequest(const JobOptions& options) {
  v1::GetJobRequest request;
  request.set_job_id(options.id);
  return request;
}

int Show(const JobOptions& options) {
  return RunOperation(options.server, kRemedies,
                      [&](OperatorClient& client) -> absl::StatusOr<OrderedJson> {
                        const auto job = client.GetJob(GetRequest(options));
                        if (!job.ok()) return job.status();
                        return ToJson(*job);
                      });
}

int Cancel(const JobOptions& options) {
  return RunOperation(
      options.server, kRemedies, [&](OperatorClient& client) -> absl::StatusOr<OrderedJson> {
        v1::CancelJobRequest request;
        request.set_job_id(options.id);
        const auto job = client.CancelJob(request);
        if (!job.ok()) {
          return WithDoubt(job.status(), "`guichet jobs show " + options.id + "` tells");
        }
        return ToJson(*job);
      });
}

int Watch(const JobOptions& options) {
  const auto client = ConnectOperator(options.server);
  if (!client.ok()) return Fail(client.status());
  // A server that cannot be reached, or a wrong id, shows at once here; the watch itself is
  // patient.
  const auto job = (*client)->GetJob(GetRequest(options));
  if (!job.ok()) return FailAtOperation(options.server, job.status(), kRemedies);
  return WatchToItsEnd(**client, options.server, *job, options.after, options.quiet);
}

CLI::App* AddOnJob(CLI::App& jobs, CommandContext& context, const char* name, const char* help,
                   int (*work)(const JobOptions&), const std::shared_ptr<JobOptions>& options) {
  CLI::App* command = jobs.add_subcommand(name, help);
  command->add_option("id", options->id, "the job's id")->required()->type_name("ID");
  AddServerOptions(*command, options->server, "time for each call, retries included");
  command->callback([&context, options, work] {
    options->quiet = context.quiet;
    context.run = [options, work] { return work(*options); };
  });
  return command;
}

void AddList(CLI::App& jobs, CommandContext& context) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command = jobs.add_subcommand("list", "all jobs, the newest first; a JSON line each");
  command->add_option("--limit", options->limit, "at most this many; 0: all")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 53))
      ->capture_default_str();
  AddServerOptions(*command, options->server, "time for each page, retries included");
  command->callback([&context, options] { context.run = [options] { return List(*options); }; });
}

}  // namespace

void AddJobsCommands(CLI::App& app, CommandContext& context) {
  CLI::App* jobs = app.add_subcommand("jobs", "train on a server and follow its training jobs");
  jobs->require_subcommand(1);
  AddSubmissionCommands(*jobs, context);
  AddList(*jobs, context);
  AddOnJob(*jobs, context, "show", "one job as a JSON line", Show, std::make_shared<JobOptions>());
  auto watch = std::make_shared<JobOptions>();
  AddOnJob(*jobs, context, "watch",
           "follow a job to its end; exit 1 when it fails or is cancelled. An interrupt ends the "
           "watch, not the job",
           Watch, watch)
      ->add_option("--after", watch->after, "the last line of progress seen before")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 53))
      ->capture_default_str();
  AddOnJob(*jobs, context, "cancel", "end a job that waits or runs; the version in service stays",
           Cancel, std::make_shared<JobOptions>());
}

}  // namespace guichet
