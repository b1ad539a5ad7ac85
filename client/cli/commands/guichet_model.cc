// guichet-model: the part of the guichet command that runs models, apart from it because it loads
// libtorch. `guichet` starts it with the same arguments; nobody needs to call it by hand.

#include <csignal>

#include <CLI/CLI.hpp>

#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed stdout is an error value
  CLI::App app(
      "guichet-model: predict, evaluate, generate, train and pretrain for the guichet command");
  guichet::CommandContext context;
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("-q,--quiet", context.quiet, "no bars and no messages but errors");
  guichet::AddModelCommands(app, context,
                            {guichet::Predict, guichet::Evaluate, guichet::GenerateTexts,
                             guichet::TrainBundle, guichet::PretrainModel});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? guichet::kExitOk : guichet::kExitUsage;
  }
  guichet::CatchInterrupts();
  return guichet::RunCommand(context);
}
