#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "server/pipeline/pipeline_observer.h"
#include "server/pipeline/pipeline_options.h"

namespace guichet {

// What the batch policy knows of a waiting text.
struct WaitingText {
  std::uint32_t tokens = 0;
  std::uint32_t group = 0;   // texts of one model version share it
  std::uint32_t window = 0;  // texts of window 0 of a group are served before those of window 1, …
  SteadyTime enqueued = {};
  SteadyTime deadline = SteadyTime::max();
};

// The front of the queue: for every group at least as many texts as one batch can hold, or all.
struct BatchSnapshot {
  std::span<const WaitingText> texts;
  // How long a full batch takes, as far as known: a text whose deadline is closer than two of them
  // is urgent.
  std::chrono::nanoseconds batch_time{0};
  bool may_wait = true;  // false: nothing more will come (draining)
};

// Which texts make the next batch, or until when to wait for more.
struct BatchDecision {
  std::vector<std::uint32_t> chosen = {};  // indexes into the snapshot, rising; empty: wait
  BatchCloseReason reason = BatchCloseReason::kQueueEmpty;
  SteadyTime wait_until = SteadyTime::max();  // when `chosen` is empty
};

// The batch policy, a pure function. A batch holds texts of one group, of at most max_batch_tokens
// together (a text longer than that goes alone) and at most max_batch_texts. The group is that of
// the most urgent text; in it windows go in order, and in a window first the urgent texts (older
// than max_length_sort_delay or close to their deadline), the most urgent first, then the shortest.
// A text that does not fit is passed over for others of its window, never for a later window. Texts
// whose deadline is over are never chosen. O(n log n).
BatchDecision DecideBatch(const BatchSnapshot& snapshot, SteadyTime now,
                          const PipelineOptions& options);

}  // namespace guichet
