#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace guichet {

// The commands that work on files and need neither a server nor libtorch.
void AddTokenizeCommand(CLI::App& app, CommandContext& context);
void AddDetokenizeCommand(CLI::App& app, CommandContext& context);
void AddBundleCommands(CLI::App& app, CommandContext& context);
void AddDataCommands(CLI::App& app, CommandContext& context);
// The one of them that needs a network.
void AddPullCommand(CLI::App& app, CommandContext& context);

}  // namespace guichet
