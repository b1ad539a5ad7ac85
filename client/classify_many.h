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

// The next ticket of the list; nothing at its end.
using TicketSource = std::function<std::optional<TicketText>()>;
// Takes the answers in the order of the list; false: no more are wanted.
using TicketSink = std::function<bool(absl::StatusOr<ClassifiedTicket>)>;

// Classifies a list of any length in bounded parallel calls. Blocks; source and sink run on the
// calling thread. A ticket that fails reaches the sink as an error, a failed call as an error of
// each of its tickets. Returns as soon as the sink says false, leaving the last calls behind, or
// within 100 ms of `stop` (polled, may be empty) turning true. While `ready` (may be empty: always)
// says that the source has nothing yet, a call that has tickets goes as it is and answers are
// delivered. Options must be valid.
void ClassifyMany(Connection& connection, const ClassifyOptions& classify,
                  const ManyOptions& options, const TicketSource& source, const TicketSink& sink,
                  const std::function<bool()>& stop = {}, const std::function<bool()>& ready = {});

}  // namespace guichet
