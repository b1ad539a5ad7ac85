#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "client/retry_policy.h"

namespace guichet {

// PEM files. TLS is used when `enabled` is set or any file is named.
struct ClientTlsOptions {
  bool enabled = false;
  std::string ca_file = {};  // who signed the server's certificate; empty: the system's roots
  std::string certificate_file = {};  // ours, for servers that ask for one; with key_file
  std::string key_file = {};
  std::string server_name =
      {};  // expected in the certificate instead of the target's host; for tunnels

  bool used() const {
    return enabled || !ca_file.empty() || !certificate_file.empty() || !key_file.empty();
  }
};

struct ClientOptions {
  // host:port, or any gRPC target ("dns:///guichet-headless:50051" balances over all addresses).
  std::string target = "localhost:50051";
  // Time for a call, waits and retries included, when the call itself does not say. 1 ms to 1 h.
  std::chrono::milliseconds timeout{10'000};
  RetryOptions retry = {};
  ClientTlsOptions tls = {};
  // A file whose contents are sent as a bearer token. It is read again when it changes. Refused
  // without TLS unless the target is this machine, as anybody on the way could read it.
  std::string token_file = {};
  // An idle connection is pinged this often, so that a dead one is noticed; the server permits 10 s
  // and closes connections that ping more often. 10 s to 1 h.
  std::chrono::milliseconds keepalive_time{30'000};
  // A ping unanswered this long ends the connection. 1 s to 5 min.
  std::chrono::milliseconds keepalive_timeout{10'000};
  // Calls go only to addresses whose health service calls this service SERVING, so a draining
  // server gets no new ones; empty: health is not asked.
  std::string health_service = "guichet.v1.Classification";
  // Largest message sent or received, in bytes. 1 KiB to 1 GiB.
  int max_message_bytes = 16 << 20;

  // INVALID_ARGUMENT names the first field out of range.
  absl::Status Validate() const;
};

// True for targets on this machine: localhost, 127.0.0.0/8, [::1] and unix sockets.
bool IsLocalTarget(const std::string& target);

}  // namespace guichet
