#include "server/pipeline/request_queue.h"

#include <algorithm>
#include <utility>

namespace guichet {
namespace {

bool IsCancelled(const PendingText& text) {
  return text.item.cancelled != nullptr && text.item.cancelled->load(std::memory_order_relaxed);
}

}  // namespace

RequestQueue::Room RequestQueue::RoomFor(std::size_t texts, std::size_t tokens) const {
  if (texts > options_.max_queue_texts - texts_) return Room::kTooManyTexts;
  if (tokens > options_.max_queue_tokens - tokens_) return Room::kTooManyTokens;
  return Room::kYes;
}

void RequestQueue::Push(PendingTexts texts, SteadyTime now) {
  for (std::unique_ptr<PendingText>& text : texts) {
    text->enqueued = now;
    const auto tokens = static_cast<std::uint32_t>(text->item.tokens.size());
    const SteadyTime deadline = text->item.deadline;
    ++texts_;
    tokens_ += tokens;
    earliest_deadline_ = std::min(earliest_deadline_, deadline);
    Group& group = GroupOf(text->item.model->classifier.get());
    group.slots.push_back(
        {.tokens = tokens, .enqueued = now, .deadline = deadline, .text = std::move(text)});
  }
}

RequestQueue::Group& RequestQueue::GroupOf(const TextClassifier* version) {
  // One group in the common case, a handful while versions change: a map would cost more.
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const Group& group) { return group.version == version; });
  if (found != groups_.end()) return *found;
  groups_.emplace_back().version = version;
  return groups_.back();
}

void RequestQueue::AppendToSnapshot(const Group& group, std::uint32_t id) {
  // Windows are opened until their texts can fill a batch.
  std::size_t window_end = group.window_texts;
  if (window_end == 0) window_end = std::min(options_.length_window_texts, group.slots.size());
  std::uint32_t window = 0;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < group.slots.size(); ++i) {
    if (i == window_end) {
      if (tokens >= options_.max_batch_tokens || i >= options_.max_batch_texts) return;
      ++window;
      window_end += options_.length_window_texts;
    }
    const Slot& slot = group.slots[i];
    snapshot_.push_back({.tokens = slot.tokens,
                         .group = id,
                         .window = window,
                         .enqueued = slot.enqueued,
                         .deadline = slot.deadline});
    tokens += slot.tokens;
  }
}

RequestQueue::Batch RequestQueue::TakeBatch(SteadyTime now, std::chrono::nanoseconds batch_time,
                                            bool may_wait, DroppedTexts& dropped) {
  if (earliest_deadline_ <= now) Sweep(now, dropped);
  while (!empty()) {
    snapshot_.clear();
    for (std::uint32_t id = 0; id < groups_.size(); ++id) AppendToSnapshot(groups_[id], id);
    const BatchDecision decision = DecideBatch(
        {.texts = snapshot_, .batch_time = batch_time, .may_wait = may_wait}, now, options_);
    if (decision.chosen.empty()) return {.wait_until = decision.wait_until};
    const std::size_t cancelled_before = dropped.cancelled.size();
    Batch batch = TakeChosen(decision, dropped);
    // Cancelled texts leave room in the batch; only when nothing is left of it is it worth another
    // look.
    if (!batch.texts.empty() || dropped.cancelled.size() == cancelled_before) return batch;
  }
  return {};
}

RequestQueue::Batch RequestQueue::TakeChosen(const BatchDecision& decision, DroppedTexts& dropped) {
  const std::uint32_t id = snapshot_[decision.chosen.front()].group;
  std::size_t begin = decision.chosen.front();  // of the group in the snapshot
  while (begin > 0 && snapshot_[begin - 1].group == id) --begin;
  Group& group = groups_[id];

  Batch batch{.reason = decision.reason};
  batch.texts.reserve(decision.chosen.size());
  for (const std::uint32_t index : decision.chosen) {
    Slot& slot = group.slots[index - begin];
    Uncount(slot);
    if (IsCancelled(*slot.text)) {
      dropped.cancelled.push_back(std::move(slot.text));
    } else {
      batch.tokens += slot.tokens;
      batch.texts.push_back(std::move(slot.text));
    }
  }

  // What is left of the first window that is not used up stays the open window.
  group.window_texts = 0;
  std::uint32_t open_window = 0;
  const std::size_t last = decision.chosen.back() - begin;
  std::size_t end = 0;
  for (; begin + end < snapshot_.size() && snapshot_[begin + end].group == id; ++end) {
    if (group.slots[end].text == nullptr) continue;
    const std::uint32_t window = snapshot_[begin + end].window;
    if (group.window_texts == 0) open_window = window;
    if (window != open_window) break;
    ++group.window_texts;
  }
  CloseGaps(group, last + 1);
  std::erase_if(groups_, [](const Group& other) { return other.slots.empty(); });
  return batch;
}

void RequestQueue::CloseGaps(Group& group, std::size_t front) {
  // Towards the back, so that the deque loses its front and the texts behind stay where they are.
  std::size_t kept_from = front;
  for (std::size_t i = front; i-- > 0;) {
    if (group.slots[i].text == nullptr) continue;
    --kept_from;
    if (kept_from != i) group.slots[kept_from] = std::move(group.slots[i]);
  }
  group.slots.erase(group.slots.begin(),
                    group.slots.begin() + static_cast<std::ptrdiff_t>(kept_from));
}

void RequestQueue::Uncount(const Slot& slot) {
  --texts_;
  tokens_ -= slot.tokens;
}

void RequestQueue::Sweep(SteadyTime now, DroppedTexts& dropped) {
  earliest_deadline_ = SteadyTime::max();
  for (Group& group : groups_) {
    std::size_t gaps = 0;
    std::size_t window_gaps = 0;
    for (std::size_t i = 0; i < group.slots.size(); ++i) {
      Slot& slot = group.slots[i];
      const bool expired = slot.deadline <= now;
      if (!expired && !IsCancelled(*slot.text)) {
        earliest_deadline_ = std::min(earliest_deadline_, slot.deadline);
        continue;
      }
      ++gaps;
      if (i < group.window_texts) ++window_gaps;
      Uncount(slot);
      (expired ? dropped.expired : dropped.cancelled).push_back(std::move(slot.text));
    }
    group.window_texts -= window_gaps;
    if (gaps > 0) CloseGaps(group, group.slots.size());
  }
  std::erase_if(groups_, [](const Group& group) { return group.slots.empty(); });
}

PendingTexts RequestQueue::TakeAll() {
  PendingTexts all;
  all.reserve(texts_);
  for (Group& group : groups_) {
    for (Slot& slot : group.slots) all.push_back(std::move(slot.text));
  }
  groups_.clear();
  texts_ = 0;
  tokens_ = 0;
  earliest_deadline_ = SteadyTime::max();
  return all;
}

SteadyTime RequestQueue::oldest() const {
  SteadyTime oldest = SteadyTime::max();
  for (const Group& group : groups_) oldest = std::min(oldest, group.slots.front().enqueued);
  return oldest;
}

}  // namespace guichet
