#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace guichet {

// What a server said, as an absl::Status: same code, details as payloads (error_details.h), refused
// fields in the message. A call's trailing google.rpc.Status is preferred to its bare code.
absl::Status FromRpcStatus(const grpc::Status& status);
absl::Status FromRpcStatus(const google::rpc::Status& status);

}  // namespace guichet
