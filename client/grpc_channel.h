#pragma once

#include <memory>

#include <grpcpp/channel.h>

#include "absl/status/statusor.h"
#include "client/client_options.h"

namespace guichet {

// kBalanced sends calls round robin to the addresses that are healthy; kDirect to the first that
// answers, healthy or not, which is what a health check needs.
enum class ChannelKind { kBalanced, kDirect };

// A channel with the options' security, keepalive and limits. gRPC's own retries are off: one
// mechanism retries, RetryingConnection. Connects on first use. NOT_FOUND: a PEM file is missing.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options,
                                                           ChannelKind kind);

}  // namespace guichet
