#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/cli/commands/server_commands.h"
#include "client/cli/message_json.h"
#include "client/cli/operator_session.h"
#include "client/cli/progress_bar.h"

namespace guichet {
namespace {

constexpr std::int64_t kMaxVersion = std::int64_t{1} << 53;
constexpr const char* kHowToLook = "`guichet models list` shows what is in service";

const std::vector<Remedy> kRemedies = {
    {absl::StatusCode::kNotFound, "`guichet models list` shows the versions"},
    {absl::StatusCode::kAborted, kHowToLook}};

struct ModelsOptions {
  ServerOptions server;
  std::string model;
  std::int64_t version = 0;
  std::int64_t expected = 0;
  bool force = false;
  bool off = false;
  bool quiet = false;
};

using Json = absl::StatusOr<OrderedJson>;

// The line of a version that was read or changed.
Json VersionLine(const absl::StatusOr<v1::ModelVersion>& version) {
  if (!version.ok()) return WithDoubt(version.status(), kHowToLook);
  return ToJson(*version);
}

int List(const ModelsOptions& options) {
  const auto client = ConnectOperator(options.server);
  if (!client.ok()) return Fail(client.status());
  v1::ListVersionsRequest request;
  request.set_model(options.model);
  const auto versions = (*client)->ListVersions(request);
  if (!versions.ok()) return FailAtOperation(options.server, versions.status(), kRemedies);
  for (const v1::ModelVersion& version : versions->versions()) {
    const absl::Status written = WriteJsonLine(ToJson(version));
    if (!written.ok()) return Fail(written);
  }
  std::string summary =
      versions->version_in_service() == 0
          ? std::string("no version is in service")
          : fmt::format("version {} is in service", versions->version_in_service());
  if (versions->previous_version() != 0) {
    summary += fmt::format("; rollback goes to version {}", versions->previous_version());
  }
  ProgressBar(options.quiet).Line(summary);
  return kExitOk;
}

Json Show(OperatorClient& client, const ModelsOptions& options) {
  v1::GetVersionRequest request;
  request.set_model(options.model);
  request.set_version(options.version);
  const auto version = client.GetVersion(request);
  if (!version.ok()) return version.status();
  return ToJson(*version);
}

Json Promote(OperatorClient& client, const ModelsOptions& options) {
  v1::PromoteRequest request;
  request.set_model(options.model);
  request.set_version(options.version);
  request.set_expected_version_in_service(options.expected);
  request.set_force(options.force);
  return VersionLine(client.Promote(request));
}

Json Rollback(OperatorClient& client, const ModelsOptions& options) {
  v1::RollbackRequest request;
  request.set_model(options.model);
  request.set_expected_version_in_service(options.expected);
  return VersionLine(client.Rollback(request));
}

Json Pin(OperatorClient& client, const ModelsOptions& options) {
  v1::PinRequest request;
  request.set_model(options.model);
  request.set_version(options.version);
  request.set_pinned(!options.off);
  return VersionLine(client.Pin(request));
}

Json Delete(OperatorClient& client, const ModelsOptions& options) {
  v1::DeleteVersionRequest request;
  request.set_model(options.model);
  request.set_version(options.version);
  const absl::Status status = client.DeleteVersion(request);
  if (!status.ok()) return WithDoubt(status, "`guichet models list` shows the versions");
  return OrderedJson{{"version", options.version}, {"deleted", true}};
}

// The options of a command while it is put together.
struct Command {
  CLI::App* app;
  std::shared_ptr<ModelsOptions> options;
};

Command AddCommand(CLI::App& models, const char* name, const char* help, double timeout_seconds) {
  Command command{models.add_subcommand(name, help), std::make_shared<ModelsOptions>()};
  command.options->server.timeout_seconds = timeout_seconds;
  command.app->add_option("--model", command.options->model,
                          "the model's name (default: the server's)");
  AddServerOptions(*command.app, command.options->server, "time for the call");
  return command;
}

// A command that is one call and a line.
Command AddCall(CLI::App& models, CommandContext& context, const char* name, const char* help,
                Json (*call)(OperatorClient&, const ModelsOptions&)) {
  // Promote loads a version, which may take minutes for a large one on a slow disk.
  Command command = AddCommand(models, name, help, call == Promote ? 300 : 10);
  command.app->callback([&context, call, options = command.options] {
    context.run = [call, options] {
      return RunOperation(options->server, kRemedies, [call, options](OperatorClient& client) {
        return call(client, *options);
      });
    };
  });
  return command;
}

CLI::Option* AddVersion(Command& command, const char* help) {
  return command.app->add_option("version", command.options->version, help)
      ->check(CLI::Range(std::int64_t{1}, kMaxVersion))
      ->type_name("VERSION");
}

void AddExpected(Command& command) {
  command.app
      ->add_option("--expect", command.options->expected,
                   "refuse when another version than this is in service; 0: whichever")
      ->check(CLI::Range(std::int64_t{0}, kMaxVersion))
      ->type_name("N")
      ->capture_default_str();
}

}  // namespace

void AddModelsCommands(CLI::App& app, CommandContext& context) {
  CLI::App* models =
      app.add_subcommand("models", "the versions of a server's model, and which is in service");
  models->require_subcommand(1);

  Command list = AddCommand(*models, "list", "all versions, rising; a JSON line each", 10);
  list.app->callback([&context, options = list.options] {
    options->quiet = context.quiet;
    context.run = [options] { return List(*options); };
  });

  Command show = AddCall(*models, context, "show", "one version as a JSON line", Show);
  AddVersion(show, "which (default: the one in service)");

  Command promote = AddCall(*models, context, "promote",
                            "put a version in service; no call is lost meanwhile", Promote);
  AddVersion(promote, "which")->required();
  AddExpected(promote);
  promote.app->add_flag("--force", promote.options->force,
                        "also one that the gate rejected or whose job said never");

  Command rollback = AddCall(*models, context, "rollback",
                             "put the version in service before this one back", Rollback);
  AddExpected(rollback);

  Command pin =
      AddCall(*models, context, "pin",
              "keep a version: it is not deleted, and no job replaces it in service", Pin);
  AddVersion(pin, "which")->required();
  pin.app->add_flag("--off", pin.options->off, "let it go again");

  Command remove =
      AddCall(*models, context, "delete", "remove a version and its files for good", Delete);
  AddVersion(remove, "which")->required();
}

}  // namespace guichet
