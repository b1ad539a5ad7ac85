#pragma once

#include <chrono>
#include <memory>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_options.h"
#include "client/token_file.h"

namespace guichet {

// kBalanced sends calls round robin to the addresses that are healthy; kDirect to the first that
// answers, healthy or not, which is what a health check needs.
enum class ChannelKind { kBalanced, kDirect };

// A channel with the options' security, keepalive and limits. gRPC's own retries are off: one
// mechanism retries, RetryingConnection. Connects on first use. NOT_FOUND: a PEM file is missing.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options,
                                                           ChannelKind kind);

// Gives an attempt of a call its deadline and, unless `token` is null, the bearer token, whose
// errors it returns.
absl::Status PrepareAttempt(grpc::ClientContext& context, std::chrono::nanoseconds timeout,
                            TokenFile* token);

}  // namespace guichet
