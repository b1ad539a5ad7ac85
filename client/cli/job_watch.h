#pragma once

#include <cstdint>

#include "client/cli/operator_session.h"
#include "client/cli/server_options.h"
#include "client/operator_client.h"

namespace guichet {

// Follows a job on stderr until it has ended, then writes it as a line. Returns the exit code:
// kExitFailed for a job that failed or was cancelled. An interrupt ends the watch, not the job, and
// is told with the command that goes on. after: the last line of progress seen before.
int WatchToItsEnd(OperatorClient& client, const ServerOptions& server, const v1::Job& job,
                  std::int64_t after, bool quiet);

}  // namespace guichet
