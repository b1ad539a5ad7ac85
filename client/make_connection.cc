#include <chrono>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "client/connection.h"
#include "client/grpc_channel.h"
#include "client/grpc_stub.h"
#include "client/retrying_connection.h"

namespace guichet {

absl::StatusOr<std::shared_ptr<Connection>> MakeConnection(const ClientOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  GrpcStubParts stub;
  GUICHET_ASSIGN_OR_RETURN(stub.token, OpenTokenFile(options.token_file));
  GUICHET_ASSIGN_OR_RETURN(stub.calls, MakeChannel(options, ChannelKind::kBalanced));
  GUICHET_ASSIGN_OR_RETURN(stub.health, MakeChannel(options, ChannelKind::kDirect));
  RetryingConnectionParts parts;
  parts.stub = std::make_unique<GrpcStub>(std::move(stub));
  parts.sleeper = std::make_unique<ThreadSleeper>(*parts.clock);
  parts.jitter_seed = JitterSeed();
  return std::make_shared<RetryingConnection>(options.retry, options.timeout, std::move(parts));
}

}  // namespace guichet
