#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "server/pipeline/batch_policy.h"
#include "server/pipeline/inference_item.h"
#include "server/pipeline/pipeline_options.h"

namespace guichet {

// An item that was taken in.
struct PendingText {
  InferenceItem item;
  SteadyTime enqueued;
};
using PendingTexts = std::vector<std::unique_ptr<PendingText>>;

// Texts that left the queue without a batch.
struct DroppedTexts {
  PendingTexts expired;
  PendingTexts cancelled;

  bool empty() const { return expired.empty() && cancelled.empty(); }
};

// The texts waiting for a batch, in order of arrival for each model version, bounded in texts and
// tokens. Owned and locked by PipelineState: not thread-safe. Calls no `done`; whoever takes texts
// out answers them. Invariant: every text put in comes out exactly once.
class RequestQueue {
 public:
  enum class Room { kYes, kTooManyTexts, kTooManyTokens };

  explicit RequestQueue(const PipelineOptions& options) : options_(options) {}

  // Whether a whole call fits now.
  Room RoomFor(std::size_t texts, std::size_t tokens) const;

  // Takes the texts of one call, all arriving `now`; RoomFor said yes. Times must not fall.
  void Push(PendingTexts texts, SteadyTime now);

  // The next batch as DecideBatch chooses it, or until when to wait for more; expired and cancelled
  // texts met on the way go to `dropped`.
  struct Batch {
    PendingTexts texts = {};  // of one model version; empty: wait
    std::size_t tokens = 0;
    BatchCloseReason reason = BatchCloseReason::kQueueEmpty;
    SteadyTime wait_until = SteadyTime::max();
  };
  Batch TakeBatch(SteadyTime now, std::chrono::nanoseconds batch_time, bool may_wait,
                  DroppedTexts& dropped);

  // Takes out what expired or was cancelled. Looks at every text.
  void Sweep(SteadyTime now, DroppedTexts& dropped);

  PendingTexts TakeAll();

  std::size_t texts() const { return texts_; }
  std::size_t tokens() const { return tokens_; }
  bool empty() const { return texts_ == 0; }
  // Arrival of the oldest text; SteadyTime::max() when empty.
  SteadyTime oldest() const;
  // No text expires before; exact after Sweep.
  SteadyTime earliest_deadline() const { return earliest_deadline_; }

 private:
  // What choosing and sweeping read stands in the slot itself: no pointer is followed for it.
  struct Slot {
    std::uint32_t tokens = 0;
    SteadyTime enqueued;
    SteadyTime deadline;
    std::unique_ptr<PendingText> text;
  };
  struct Group {
    const TextClassifier* version = nullptr;
    std::deque<Slot> slots;
    // Texts at the front that form the open window: none enters it before it is empty.
    std::size_t window_texts = 0;
  };

  Group& GroupOf(const TextClassifier* version);
  void AppendToSnapshot(const Group& group, std::uint32_t id);
  Batch TakeChosen(const BatchDecision& decision, DroppedTexts& dropped);
  void Uncount(const Slot& slot);
  // Removes the slots without a text among the first `front`, keeping the others' order.
  static void CloseGaps(Group& group, std::size_t front);

  const PipelineOptions options_;
  std::deque<Group> groups_;  // none is empty
  std::size_t texts_ = 0;
  std::size_t tokens_ = 0;
  SteadyTime earliest_deadline_ = SteadyTime::max();
  std::vector<WaitingText> snapshot_;  // kept to reuse its memory
};

}  // namespace guichet
