#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace guichet {

// The errors of a server carry google.rpc details, kept as payloads of the absl::Status under their
// type URLs. The message already names refused fields; these read the rest.

// When the server wants to be asked again (RetryInfo). Nothing when it does not say, or says
// something that is not a duration of at least 0.
std::optional<std::chrono::nanoseconds> RetryDelay(const absl::Status& error);

// The machine-readable reason (ErrorInfo.reason), e.g. "QUEUE_FULL". Empty when there is none: then
// the error arose on the way, not in a guichet server.
std::string ErrorReason(const absl::Status& error);

// The name of a code as in gRPC's documents, e.g. "RESOURCE_EXHAUSTED".
std::string_view StatusCodeName(absl::StatusCode code);

// The same error with `note` added to its message.
absl::Status Annotated(const absl::Status& error, std::string_view note);

}  // namespace guichet
