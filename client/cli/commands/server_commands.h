#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace guichet {

// The commands that talk to a server.
void AddClassifyCommand(CLI::App& app, CommandContext& context);
void AddHealthCommand(CLI::App& app, CommandContext& context);
void AddBenchCommand(CLI::App& app, CommandContext& context);
void AddJobsCommands(CLI::App& app, CommandContext& context);
void AddModelsCommands(CLI::App& app, CommandContext& context);
void AddFeedbackCommands(CLI::App& app, CommandContext& context);
void AddAuditCommand(CLI::App& app, CommandContext& context);

}  // namespace guichet
