#pragma once

#include <string>

#include <grpcpp/support/status.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace guichet {

// What a guichet server sends: every error has a reason.
inline grpc::Status Refusal(grpc::StatusCode code, const std::string& message) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason("TEST");
  status.add_details()->PackFrom(info);
  return {code, message, status.SerializeAsString()};
}

}  // namespace guichet
