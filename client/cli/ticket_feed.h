#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "model/data/dataset_reader.h"

namespace guichet {

// Reads tickets ahead on a thread of its own, so that who takes them knows whether there is another
// one yet: those of a live pipe (`tail -f … | guichet classify -`) are then answered as they come.
// Not thread-safe.
class TicketFeed {
 public:
  // live: the source may pause.
  TicketFeed(std::unique_ptr<TicketReader> reader, bool live);
  // Leaves the thread behind, which may wait for input that never comes.
  ~TicketFeed();
  TicketFeed(const TicketFeed&) = delete;
  TicketFeed& operator=(const TicketFeed&) = delete;

  // As TicketReader's; CANCELLED when the process was interrupted while it waited.
  absl::StatusOr<std::optional<Ticket>> Next();
  // False while a live source pauses.
  bool ready() const;

 private:
  struct State;
  const bool live_;
  std::shared_ptr<State> state_;  // shared with the thread
};

}  // namespace guichet
