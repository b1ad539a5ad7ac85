#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/classification.h"

namespace guichet {

// What one attempt of a call brought.
struct StubReply {
  std::vector<absl::StatusOr<ClassifiedTicket>> results;  // as many as tickets were sent
  ServerTimings timings;
};

// One attempt of a call, without retries. Safe from any thread; each `done` runs exactly once, on
// any thread, possibly before the call returns. Every attempt has a timeout.
class Stub {
 public:
  using ClassifyDone = std::function<void(absl::StatusOr<StubReply>)>;
  using HealthDone = std::function<void(absl::StatusOr<ServingState>)>;

  virtual ~Stub() = default;

  // Reads `tickets` and `options` before it returns only.
  virtual void Classify(std::span<const TicketText> tickets, const ClassifyOptions& options,
                        std::chrono::nanoseconds timeout, ClassifyDone done) = 0;
  virtual void CheckHealth(const std::string& service, std::chrono::nanoseconds timeout,
                           HealthDone done) = 0;
  // Ends all attempts with CANCELLED, later ones too.
  virtual void CancelAll() = 0;
};

}  // namespace guichet
