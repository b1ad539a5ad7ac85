// The guichet command. Files: tokenize, detokenize, bundle, data, pull. Models: predict, evaluate,
// generate, train, pretrain (handed to guichet-model). A server: classify, jobs, models, feedback,
// audit, health, bench.

#include <csignal>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cli/command.h"
#include "client/cli/commands/file_commands.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/commands/server_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/model_program.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed stdout is an error value
  CLI::App app(
      "guichet: routes French IT-helpdesk tickets with BARThez.\n"
      "Machine output goes to stdout as JSON Lines, messages and bars to stderr.\n"
      "Exit codes: 0 ok, 1 the work failed, 2 wrong usage, 3 server unreachable, 4 refused by the "
      "server.",
      "guichet");
  guichet::CommandContext context;
  app.set_version_flag("--version", std::string("guichet ") + GUICHET_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("-q,--quiet", context.quiet, "no bars and no messages but errors");

  const std::vector<std::string> arguments(argv, argv + argc);
  const auto hand_over = [&arguments](const auto&) { return guichet::ExecModelProgram(arguments); };
  guichet::AddTokenizeCommand(app, context);
  guichet::AddDetokenizeCommand(app, context);
  guichet::AddBundleCommands(app, context);
  guichet::AddDataCommands(app, context);
  guichet::AddPullCommand(app, context);
  guichet::AddModelCommands(app, context, {hand_over, hand_over, hand_over, hand_over, hand_over});
  guichet::AddClassifyCommand(app, context);
  guichet::AddJobsCommands(app, context);
  guichet::AddModelsCommands(app, context);
  guichet::AddFeedbackCommands(app, context);
  guichet::AddAuditCommand(app, context);
  guichet::AddHealthCommand(app, context);
  guichet::AddBenchCommand(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? guichet::kExitOk : guichet::kExitUsage;
  }
  guichet::FindInstalledData();
  guichet::CatchInterrupts();
  return guichet::RunCommand(context);
}
