#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace guichet {

// The commands below `guichet jobs` that bring a data set along: submit and validate.
void AddSubmissionCommands(CLI::App& jobs, CommandContext& context);

}  // namespace guichet
