#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "client/client_options.h"

namespace guichet {

// How the commands that talk to a server reach it.
struct ServerOptions {
  std::string server = "localhost:50051";
  bool tls = false;
  std::string tls_ca = {};
  std::string tls_certificate = {};
  std::string tls_key = {};
  std::string token_file = {};
  double timeout_seconds = 10;
};

// Adds --server (or GUICHET_SERVER), --tls…, --token-file and --timeout, whose default is what
// `options` holds; `timeout_help` says what it limits.
void AddServerOptions(CLI::App& command, ServerOptions& options, const std::string& timeout_help);

ClientOptions ToClientOptions(const ServerOptions& options);

// True when no guichet server answered: nobody there, a lost connection, or silence.
bool IsUnreachable(const absl::Status& error);

// Prints what went wrong with a call and returns kExitUnreachable or kExitRefused.
int FailAtServer(const ServerOptions& options, const absl::Status& error);

}  // namespace guichet
