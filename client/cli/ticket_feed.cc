#include "client/cli/ticket_feed.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "client/cli/interrupt.h"

namespace guichet {
namespace {

// How far it reads ahead at most.
constexpr std::size_t kAhead = 1024;
constexpr std::size_t kAheadBytes = std::size_t{4} << 20;
constexpr std::chrono::milliseconds kInterruptPoll{100};

using Item = absl::StatusOr<std::optional<Ticket>>;

// Nothing comes behind it.
bool IsLast(const Item& item) {
  return item.ok() ? !item->has_value()
                   : item.status().code() != absl::StatusCode::kInvalidArgument;
}

std::size_t BytesOf(const Item& item) {
  if (!item.ok() || !item->has_value()) return 0;
  const Ticket& ticket = **item;
  return ticket.id.size() + ticket.subject.size() + ticket.body.size() + ticket.label.size();
}

// An exception would end the process from a thread of its own.
Item Read(TicketReader& reader) {
  try {
    return reader.Next();
  } catch (const std::exception& error) {  // no memory, say
    return absl::ResourceExhaustedError(error.what());
  }
}

}  // namespace

struct TicketFeed::State {
  Mutex mutex;
  ConditionVariable changed;
  std::deque<Item> items GUICHET_GUARDED_BY(mutex);  // the last of all stays
  std::size_t bytes GUICHET_GUARDED_BY(mutex) = 0;   // of the items
  bool left GUICHET_GUARDED_BY(mutex) = false;       // nobody takes any more

  void Fill(TicketReader& reader) {
    while (true) {
      Item item = Read(reader);
      const bool last = IsLast(item);
      MutexLock lock(mutex);
      while ((items.size() >= kAhead || bytes >= kAheadBytes) && !left) changed.Wait(mutex);
      if (left) return;
      bytes += BytesOf(item);
      items.push_back(std::move(item));
      changed.NotifyAll();
      if (last) return;
    }
  }
};

TicketFeed::TicketFeed(std::unique_ptr<TicketReader> reader, bool live)
    : live_(live), state_(std::make_shared<State>()) {
  std::thread([state = state_, own = std::move(reader)] { state->Fill(*own); }).detach();
}

TicketFeed::~TicketFeed() {
  MutexLock lock(state_->mutex);
  state_->left = true;
  state_->changed.NotifyAll();
}

absl::StatusOr<std::optional<Ticket>> TicketFeed::Next() {
  MutexLock lock(state_->mutex);
  std::deque<Item>& items = state_->items;
  while (items.empty()) {
    if (Interrupted()) return absl::CancelledError("interrupted");
    state_->changed.WaitUntil(state_->mutex, std::chrono::steady_clock::now() + kInterruptPoll);
  }
  if (IsLast(items.front())) return items.front();
  Item item = std::move(items.front());
  items.pop_front();
  state_->bytes -= BytesOf(item);
  state_->changed.NotifyAll();
  return item;
}

bool TicketFeed::ready() const {
  if (!live_) return true;
  MutexLock lock(state_->mutex);
  return !state_->items.empty();
}

}  // namespace guichet
