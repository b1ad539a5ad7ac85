#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/json_lines.h"
#include "client/cli/server_options.h"
#include "client/operator_client.h"

namespace guichet {

// What the commands of jobs and models share: reaching the server and telling how it went.

// Words that help somebody who meets an error of this code, as the end of its message.
struct Remedy {
  absl::StatusCode code;
  std::string words;
};

// A client whose calls an interrupt ends. Errors are the command line's.
absl::StatusOr<std::unique_ptr<OperatorClient>> ConnectOperator(const ServerOptions& options);

// Prints the error of a call with its remedy and returns kExitRefused or kExitUnreachable, or
// kExitFailed where it was the input's. Says nothing after an interrupt.
int FailAtOperation(const ServerOptions& options, const absl::Status& error,
                    const std::vector<Remedy>& remedies);

// The error of a change that is sent once, with how to find out whether it was done where the
// answer was lost.
absl::Status WithDoubt(const absl::Status& error, const std::string& how_to_look);

// Connects, makes one call and writes what it returns as a line; returns the exit code.
int RunOperation(const ServerOptions& options, const std::vector<Remedy>& remedies,
                 const std::function<absl::StatusOr<OrderedJson>(OperatorClient&)>& call);

}  // namespace guichet
