#include "client/cli/server_options.h"

#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "client/cli/command.h"
#include "client/error_details.h"

namespace guichet {

void AddServerOptions(CLI::App& command, ServerOptions& options, const std::string& timeout_help) {
  command.add_option("--server", options.server, "where the server listens")
      ->envname("GUICHET_SERVER")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command.add_flag("--tls", options.tls, "use TLS with the system's certificates");
  command
      .add_option("--tls-ca", options.tls_ca, "use TLS; PEM of who signed the server's certificate")
      ->type_name("FILE");
  CLI::Option* certificate = command
                                 .add_option("--tls-cert", options.tls_certificate,
                                             "our certificate, for servers that ask for one")
                                 ->type_name("FILE");
  CLI::Option* key = command.add_option("--tls-key", options.tls_key, "the key of --tls-cert");
  key->type_name("FILE")->needs(certificate);
  certificate->needs(key);
  command.add_option("--token-file", options.token_file, "its contents are sent as a bearer token")
      ->type_name("FILE");
  command.add_option("--timeout", options.timeout_seconds, timeout_help)
      ->check(CLI::Range(0.001, 3600.0))
      ->type_name("SECONDS")
      ->capture_default_str();
}

ClientOptions ToClientOptions(const ServerOptions& options) {
  ClientOptions client;
  client.target = options.server;
  client.timeout = std::chrono::milliseconds(std::llround(options.timeout_seconds * 1000));
  client.tls.enabled = options.tls;
  client.tls.ca_file = options.tls_ca;
  client.tls.certificate_file = options.tls_certificate;
  client.tls.key_file = options.tls_key;
  client.token_file = options.token_file;
  return client;
}

bool IsUnreachable(const absl::Status& error) {
  // A guichet server gives every error a reason; an error without one arose on the way.
  const bool lost = error.code() == absl::StatusCode::kUnavailable ||
                    error.code() == absl::StatusCode::kDeadlineExceeded;
  return lost && ErrorReason(error).empty();
}

int FailAtServer(const ServerOptions& options, const absl::Status& error) {
  const std::string message(error.message());
  if (IsUnreachable(error)) {
    Fail(fmt::format("cannot reach {}: {}", options.server, message));
    return kExitUnreachable;
  }
  Fail(fmt::format("{} refused: {}: {}", options.server, StatusCodeName(error.code()), message));
  return kExitRefused;
}

}  // namespace guichet
