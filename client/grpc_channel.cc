#include "client/grpc_channel.h"

#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxPemBytes = std::size_t{1} << 20;

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadFile(path, kMaxPemBytes);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const ClientTlsOptions& tls) {
  if (!tls.used()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions pem;
  GUICHET_ASSIGN_OR_RETURN(pem.pem_root_certs, ReadPem(tls.ca_file));
  GUICHET_ASSIGN_OR_RETURN(pem.pem_private_key, ReadPem(tls.key_file));
  GUICHET_ASSIGN_OR_RETURN(pem.pem_cert_chain, ReadPem(tls.certificate_file));
  return grpc::SslCredentials(pem);
}

std::string BalancedServiceConfig(const std::string& health_service) {
  const std::string health =
      health_service.empty()
          ? ""
          : fmt::format(R"(, "healthCheckConfig": {{"serviceName": "{}"}})", health_service);
  return fmt::format(R"({{"loadBalancingConfig": [{{"round_robin": {{}}}}]{}}})", health);
}

grpc::ChannelArguments Arguments(const ClientOptions& options, ChannelKind kind) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive_time.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   static_cast<int>(options.keepalive_timeout.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // keepalive pings are not counted
  // A server that restarts is tried again soon, as callers wait for it.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // This one is the time for an attempt to connect: a busy machine may take seconds to answer.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  // Two connections of one process are two connections: a server's limits count per connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(options.max_message_bytes);
  // A proxy would see this machine's calls, and their token, in the clear.
  if (IsLocalTarget(options.target)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // The service config is the program's, not the name server's.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  if (kind == ChannelKind::kBalanced) {
    arguments.SetServiceConfigJSON(BalancedServiceConfig(options.health_service));
  }
  if (!options.tls.server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls.server_name);
  }
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options,
                                                           ChannelKind kind) {
  GUICHET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ChannelCredentials> credentials,
                           Credentials(options.tls));
  return grpc::CreateCustomChannel(options.target, credentials, Arguments(options, kind));
}

absl::Status PrepareAttempt(grpc::ClientContext& context, std::chrono::nanoseconds timeout,
                            TokenFile* token) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::microseconds>(timeout));
  if (token != nullptr) {
    GUICHET_ASSIGN_OR_RETURN(const std::string value, token->Token());
    context.AddMetadata("authorization", "Bearer " + value);
  }
  return absl::OkStatus();
}

}  // namespace guichet
