#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/cli/commands/file_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/progress_bar.h"
#include "model/hub/pull_model.h"

namespace guichet {
namespace {

struct PullArguments {
  std::string repo;
  std::string revision;
  std::string out;
  int retries = HubOptions().retries;
  double retry_wait = 1.0;  // seconds
  int stall_seconds = static_cast<int>(HubOptions().stall_time.count());
};

constexpr const char* kFooter =
    "Fetched are config.json, generation_config.json, the tokenizer's files, and the weights: as "
    "safetensors where there are any,\n"
    "else pytorch_model.bin; whole or in shards. Each is verified by size and hash. An interrupted "
    "pull goes on where it ended.\n"
    "The last line on stdout is a JSON object: repo, revision, commit, path, files, "
    "downloaded_bytes.\n\n"
    "The environment, as Python's huggingface_hub reads it:\n"
    "  HF_ENDPOINT       the hub (default: https://huggingface.co)\n"
    "  HF_TOKEN          who asks; else the file $HF_HOME/token. Told to the hub alone\n"
    "  HF_HUB_CACHE      the cache; else $HF_HOME/hub, else ~/.cache/huggingface/hub\n"
    "  HF_HUB_OFFLINE=1  only the cache counts\n"
    "  SSL_CERT_FILE     the authorities to trust, in PEM\n"
    "  https_proxy, http_proxy, no_proxy\n\n"
    "What lies in the cache is a model's name for other commands: tokenize --model owner/name,\n"
    "bundle import owner/name, train --base owner/name; owner/name@revision for another "
    "revision.\n\n"
    "Exit codes: 0 ok, 1 it failed, 2 wrong usage, 3 the hub is not reached, 4 it refuses (gated, "
    "private, token).";

std::string CheckRepo(const std::string& text) {
  return std::string(ParseRepoName(text).status().message());
}

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kExitUnreachable;
    case absl::StatusCode::kPermissionDenied:
      return kExitRefused;
    default:
      return kExitFailed;
  }
}

std::string ShowMegabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

// A bar over all files; the rate is that of the network.
class PullDisplay {
 public:
  explicit PullDisplay(bool quiet) : bar_(quiet) {}

  PullObserver Observer() {
    return {.cancelled = Interrupted,
            .on_progress = [this](const PullProgress& progress) { Show(progress); },
            .on_line = [this](const std::string& line) { bar_.Line(line); }};
  }

 private:
  void Show(const PullProgress& progress) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
    const double rate = static_cast<double>(progress.moved) / std::max(passed.count(), 1e-3);
    const double left = static_cast<double>(progress.total - progress.done) / std::max(rate, 1.0);
    bar_.Show(
        static_cast<std::int64_t>(progress.done), static_cast<std::int64_t>(progress.total),
        fmt::format("{}  {} of {}  {}/s  {} left", progress.file, ShowMegabytes(progress.done),
                    ShowMegabytes(progress.total), ShowMegabytes(static_cast<std::uint64_t>(rate)),
                    ShowDuration(std::chrono::duration<double>(left))));
  }

  ProgressBar bar_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

absl::Status WriteAnswer(const PulledModel& pulled) {
  OrderedJson files = OrderedJson::array();
  for (const PulledFile& file : pulled.files) {
    OrderedJson& entry =
        files.emplace_back(OrderedJson{{"name", file.name}, {"bytes", file.bytes}});
    if (file.sha256) entry["sha256"] = *file.sha256;
  }
  return WriteJsonLine({{"repo", pulled.repo.Full()},
                        {"revision", pulled.repo.revision},
                        {"commit", pulled.commit},
                        {"path", pulled.path.string()},
                        {"files", files},
                        {"downloaded_bytes", pulled.downloaded_bytes}});
}

absl::StatusOr<HubOptions> ToHubOptions(const PullArguments& arguments) {
  GUICHET_ASSIGN_OR_RETURN(HubOptions options, HubOptionsFromEnvironment());
  options.retries = arguments.retries;
  options.retry_wait = std::chrono::milliseconds(static_cast<int>(arguments.retry_wait * 1000));
  options.stall_time = std::chrono::seconds(arguments.stall_seconds);
  return options;
}

absl::StatusOr<PulledModel> PullShowing(const HubOptions& options, const PullRequest& request,
                                        bool quiet) {
  PullDisplay display(quiet);
  return PullModel(options, request, display.Observer());
}

int Pull(const PullArguments& arguments, bool quiet) {
  const auto options = ToHubOptions(arguments);
  if (!options.ok()) {
    Fail(options.status());
    return kExitUsage;
  }
  PullRequest request{.repo = *ParseRepoName(arguments.repo), .out = arguments.out};
  if (!arguments.revision.empty()) request.repo.revision = arguments.revision;
  if (!quiet && !options->token.empty() && options->endpoint.starts_with("http://")) {
    fmt::print(stderr, "guichet: warning: the token goes to {} unencrypted\n", options->endpoint);
  }
  const auto pulled = PullShowing(*options, request, quiet);
  if (!pulled.ok()) {
    Fail(pulled.status());
    return ExitCodeOf(pulled.status());
  }
  const absl::Status written = WriteAnswer(*pulled);
  return written.ok() ? int{kExitOk} : Fail(written);
}

}  // namespace

void AddPullCommand(CLI::App& app, CommandContext& context) {
  auto arguments = std::make_shared<PullArguments>();
  CLI::App* command =
      app.add_subcommand("pull", "fetch a model from the Hugging Face hub, verified and resumable");
  command->footer(kFooter);
  command->add_option("repo", arguments->repo, "owner/name or owner/name@revision")
      ->required()
      ->type_name("REPO")
      ->check(CLI::Validator([](const std::string& text) { return CheckRepo(text); }, ""));
  command
      ->add_option("--revision", arguments->revision, "a branch, a tag or a commit (default: main)")
      ->type_name("R")
      ->check(CLI::Validator(
          [](const std::string& text) { return std::string(CheckRevision(text).message()); }, ""));
  command
      ->add_option("--out", arguments->out,
                   "make this folder of plain files in place of the cache's; must not exist")
      ->type_name("DIR");
  command
      ->add_option("--retries", arguments->retries,
                   "tries after the first, without getting on, before it gives up")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command
      ->add_option("--retry-wait", arguments->retry_wait,
                   "seconds before the second try; each later wait is twice as long, up to 30 s")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  command
      ->add_option("--stall-seconds", arguments->stall_seconds,
                   "a try ends when fewer than 1024 bytes a second come for this long")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->callback([&context, arguments] {
    if (!arguments->revision.empty() && arguments->repo.find('@') != std::string::npos) {
      throw CLI::ValidationError("--revision", "REPO names a revision already");
    }
    context.run = [&context, arguments] { return Pull(*arguments, context.quiet); };
  });
}

}  // namespace guichet
