#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"

namespace guichet {

// How a long list of tickets is cut into calls.
struct ManyOptions {
  // Tickets of one call. More amortise the call, fewer spread over the server's batches. 1 to 1024.
  std::size_t tickets_per_call = 64;
  // Bytes of text after which a call is full, below the server's message limit. 1 KiB to 64 MiB; a
  // single longer ticket goes alone.
  std::size_t bytes_per_call = std::size_t{1} << 20;
  // Calls under way at once; with them, memory is bounded. 1 to 64.
  std::size_t calls_in_flight = 4;
  // Time for each call, retries included: long, as a list may well wait for an overload to pass.
  // 1 ms to 1 h.
  std::chrono::milliseconds call_timeout{60'000};

  absl::Status Validate() const;
};

// A list of tickets and what is done with their answers. All of it runs on the calling thread.
struct TicketList {
  // The next ticket; nothing at the end.
  std::function<std::optional<TicketText>()> next;
  // Takes the answers in the order of the list; false: no more are wanted.
  std::function<bool(absl::StatusOr<ClassifiedTicket>)> take;
  // Polled while calls are under way; true: leave them behind. May be empty.
  std::function<bool()> stop = {};
  // Whether `next` need not wait. Empty: it never waits.
  std::function<bool()> ready = {};
};

// Classifies a list of any length in bounded parallel calls. Blocks. A ticket that fails is taken
// as an error, a failed call as an error of each of its tickets. Returns as soon as `take` says
// false, leaving the last calls behind, or within 100 ms of `stop` turning true. While `ready` says
// that the list has nothing yet, a call that has tickets goes as it is and answers are delivered.
// Options must be valid.
void ClassifyMany(Connection& connection, const ClassifyOptions& classify,
                  const ManyOptions& options, const TicketList& list);

}  // namespace guichet
