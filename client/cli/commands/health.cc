#include <chrono>
#include <memory>
#include <string>

#include "client/cli/command.h"
#include "client/cli/commands/server_commands.h"
#include "client/cli/json_lines.h"
#include "client/cli/server_options.h"
#include "client/client.h"

namespace guichet {
namespace {

struct HealthOptions {
  ServerOptions server{.timeout_seconds = 3};
  std::string service;
};

const char* NameOf(ServingState state) {
  switch (state) {
    case ServingState::kServing:
      return "SERVING";
    case ServingState::kNotServing:
      return "NOT_SERVING";
    case ServingState::kServiceUnknown:
      return "SERVICE_UNKNOWN";
    case ServingState::kUnknown:
      break;
  }
  return "UNKNOWN";
}

int Health(const HealthOptions& options) {
  const ClientOptions client_options = ToClientOptions(options.server);
  const auto client = Client::Connect(client_options);
  if (!client.ok()) return Fail(client.status());
  const auto state =
      client->CheckHealth({.service = options.service, .timeout = client_options.timeout});
  if (!state.ok()) return FailAtServer(options.server, state.status());
  const absl::Status written =
      WriteJsonLine({{"service", options.service}, {"status", NameOf(*state)}});
  if (!written.ok()) return Fail(written);
  return *state == ServingState::kServing ? kExitOk : kExitRefused;
}

}  // namespace

void AddHealthCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<HealthOptions>();
  CLI::App* command = app.add_subcommand(
      "health",
      "exit 0 when the server says SERVING, 4 when it does not, 3 when it is unreachable");
  AddServerOptions(*command, options->server, "time for the answer");
  command
      ->add_option("--service", options->service,
                   "one service of it, e.g. guichet.v1.Classification, or liveness (default: the "
                   "server as a whole)")
      ->type_name("S");
  command->callback([&context, options] { context.run = [options] { return Health(*options); }; });
}

}  // namespace guichet
