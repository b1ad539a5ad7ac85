#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/classification.h"
#include "client/client_options.h"

namespace guichet {

struct HealthCall {
  std::string service = {};  // empty: the server as a whole
  // Above 0. A health check is answered at once or not at all, and is never retried.
  std::chrono::milliseconds timeout{3'000};
};

// How a Client reaches a server: derive from this to test code that uses a Client. Safe from any
// thread. Every callback runs exactly once, on any thread, possibly before the call returns; it
// must not block and must not destroy the connection.
class Connection {
 public:
  using ClassifyCallback = std::function<void(absl::StatusOr<ClassifyReply>)>;
  using HealthCallback = std::function<void(absl::StatusOr<ServingState>)>;

  virtual ~Connection() = default;

  // The reply holds as many results as the call has tickets. An error is the whole call's.
  virtual void Classify(ClassifyCall call, ClassifyCallback done) = 0;
  virtual void CheckHealth(const HealthCall& call, HealthCallback done) = 0;
};

// A connection over gRPC, with retries. Nothing is sent before the first call. Its destructor
// cancels what is in flight and waits for the callbacks. INVALID_ARGUMENT: an option is out of
// range; NOT_FOUND: a file named in the options does not exist.
absl::StatusOr<std::shared_ptr<Connection>> MakeConnection(const ClientOptions& options);

}  // namespace guichet
