#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/classification.h"
#include "client/cli/bench/latency_histogram.h"
#include "client/connection.h"

namespace guichet {

// How a server is loaded.
struct LoadOptions {
  // Closed loop: this many callers, each of which waits for its answer before it asks again.
  // 1 to 100'000; not read when rate is above 0.
  int concurrency = 64;
  // Open loop: calls a second on average, arriving at random (Poisson) whether or not earlier ones
  // are answered, as real users do. 0 (closed loop) to 1e6.
  double rate = 0;
  // Calls under way at most in an open loop; a call beyond is not sent and counts as failed.
  int max_in_flight = 10'000;
  int texts_per_call = 1;  // 1 to 1024
  // What is measured, and what goes before it unmeasured.
  std::chrono::milliseconds duration{10'000};
  std::chrono::milliseconds warm_up{1'000};
  std::chrono::milliseconds call_timeout{10'000};
  std::uint64_t seed = 1;  // of the arrivals
};

// What was measured. Texts count in the window in which they are answered, latencies where their
// call belongs: an open loop's begin when the call was meant to be sent, so that a slow server
// cannot hide the waiting it causes.
struct LoadReport {
  double seconds = 0;  // measured
  std::int64_t calls = 0;
  std::int64_t texts = 0;                      // answered
  std::map<std::string, std::int64_t> errors;  // failed texts by the code's name, or "NOT_SENT"
  LatencyHistogram latencies;                  // of calls with an answer
  LatencyHistogram refusals;                   // of calls told RESOURCE_EXHAUSTED, since sent
  absl::Status first_error;
};

// Loads a server through one or more connections, texts taken in turn from `tickets`, which must
// not be empty. Blocks until every call has ended; `stop` (polled) ends the measuring early.
LoadReport GenerateLoad(const std::vector<std::shared_ptr<Connection>>& connections,
                        const std::vector<TicketText>& tickets, const LoadOptions& options,
                        const std::function<bool()>& stop);

}  // namespace guichet
