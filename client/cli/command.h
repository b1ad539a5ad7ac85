#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace guichet {

// What the guichet command answers to the shell.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,       // the work failed; the message says which input
  kExitUsage = 2,        // wrong usage
  kExitUnreachable = 3,  // no server there
  kExitRefused = 4,      // the server refused
};

// What a parsed command line asks for. Add…Command functions register a subcommand whose callback
// sets `run`; main() calls it once parsing is over, so that usage errors never start work.
struct CommandContext {
  std::function<int()> run;
  bool quiet = false;  // --quiet: no bars and no messages but errors
};

// Runs what was asked for. What is left of stdout is written out: a full disk turns success into
// kExitFailed, and an interrupt ends the process as the signal would have.
int RunCommand(const CommandContext& context);

// Prints "guichet: <message>" on stderr and returns kExitFailed.
int Fail(const absl::Status& status);
int Fail(const std::string& message);

}  // namespace guichet
