#include "server/pipeline/batch_policy.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace guichet {
namespace {

// When a text becomes urgent: between its arrival and a fixed age, so that nothing that arrives
// after that age is put before it.
SteadyTime UrgentAt(const WaitingText& text, std::chrono::nanoseconds batch_time,
                    const PipelineOptions& options) {
  const SteadyTime by_age = text.enqueued + options.max_length_sort_delay;
  if (text.deadline == SteadyTime::max()) return by_age;
  return std::min(by_age, std::max(text.enqueued, text.deadline - 2 * batch_time));
}

// A text of the chosen group in the order of service.
struct Candidate {
  std::uint32_t window = 0;
  bool relaxed = false;   // not urgent
  std::int64_t rank = 0;  // urgent: since when; relaxed: tokens
  std::uint32_t index = 0;
  std::uint32_t tokens = 0;

  auto Key() const { return std::tuple(window, relaxed, rank, index); }
};

// The group and what is to know of it as a whole.
struct Group {
  std::uint32_t id = 0;
  SteadyTime urgent_at = SteadyTime::max();
  SteadyTime oldest = SteadyTime::max();
  std::size_t texts = 0;
  std::size_t tokens = 0;
  bool others_wait = false;  // texts of other groups
};

std::optional<Group> MostUrgentGroup(const BatchSnapshot& snapshot, SteadyTime now,
                                     const PipelineOptions& options) {
  std::optional<Group> group;
  for (const WaitingText& text : snapshot.texts) {
    if (text.deadline <= now) continue;
    const SteadyTime urgent_at = UrgentAt(text, snapshot.batch_time, options);
    if (!group || urgent_at < group->urgent_at) {
      group = Group{.id = text.group, .urgent_at = urgent_at};
    }
  }
  if (!group) return std::nullopt;
  for (const WaitingText& text : snapshot.texts) {
    if (text.deadline <= now) continue;
    if (text.group != group->id) {
      group->others_wait = true;
      continue;
    }
    group->oldest = std::min(group->oldest, text.enqueued);
    ++group->texts;
    group->tokens += text.tokens;
  }
  return group;
}

std::vector<Candidate> CandidatesInOrder(const BatchSnapshot& snapshot, const Group& group,
                                         SteadyTime now, const PipelineOptions& options) {
  std::vector<Candidate> candidates;
  candidates.reserve(group.texts);
  for (std::uint32_t i = 0; i < snapshot.texts.size(); ++i) {
    const WaitingText& text = snapshot.texts[i];
    if (text.group != group.id || text.deadline <= now) continue;
    const SteadyTime urgent_at = UrgentAt(text, snapshot.batch_time, options);
    const bool relaxed = urgent_at > now;
    candidates.push_back({.window = text.window,
                          .relaxed = relaxed,
                          .rank = relaxed ? text.tokens : urgent_at.time_since_epoch().count(),
                          .index = i,
                          .tokens = text.tokens});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.Key() < b.Key(); });
  return candidates;
}

// Fills a batch in the order of service.
BatchDecision Fill(std::span<const Candidate> candidates, const PipelineOptions& options) {
  BatchDecision decision{.reason = BatchCloseReason::kTokenBudget};
  std::size_t tokens = 0;
  std::optional<std::uint32_t> last_window;  // of the first text that did not fit
  for (const Candidate& candidate : candidates) {
    if (last_window && candidate.window != *last_window) break;
    if (decision.chosen.size() == options.max_batch_texts) {
      decision.reason = BatchCloseReason::kTextBudget;
      break;
    }
    if (!decision.chosen.empty() && tokens + candidate.tokens > options.max_batch_tokens) {
      last_window = candidate.window;
      if (candidate.relaxed) break;  // the rest of the window is as long or longer
      continue;
    }
    decision.chosen.push_back(candidate.index);
    tokens += candidate.tokens;
  }
  std::sort(decision.chosen.begin(), decision.chosen.end());
  return decision;
}

// Everything of the group goes in one batch.
BatchDecision TakeAll(const BatchSnapshot& snapshot, const Group& group, SteadyTime now) {
  BatchDecision decision;
  decision.chosen.reserve(group.texts);
  for (std::uint32_t i = 0; i < snapshot.texts.size(); ++i) {
    const WaitingText& text = snapshot.texts[i];
    if (text.group == group.id && text.deadline > now) decision.chosen.push_back(i);
  }
  return decision;
}

}  // namespace

BatchDecision DecideBatch(const BatchSnapshot& snapshot, SteadyTime now,
                          const PipelineOptions& options) {
  const std::optional<Group> group = MostUrgentGroup(snapshot, now, options);
  if (!group) return {};
  const bool all_fit = group->texts == 1 || (group->texts <= options.max_batch_texts &&
                                             group->tokens <= options.max_batch_tokens);
  if (!all_fit) return Fill(CandidatesInOrder(snapshot, *group, now, options), options);

  const bool full =
      group->texts == options.max_batch_texts || group->tokens >= options.max_batch_tokens;
  const bool waits = options.max_batch_wait.count() > 0 && snapshot.may_wait && !full;
  // Another version's texts behind this group end the waiting: they would wait with it.
  const SteadyTime wait_until = std::min(group->oldest + options.max_batch_wait, group->urgent_at);
  if (waits && !group->others_wait && now < wait_until) return {.wait_until = wait_until};

  BatchDecision decision = TakeAll(snapshot, *group, now);
  if (full) {
    decision.reason = group->tokens >= options.max_batch_tokens ? BatchCloseReason::kTokenBudget
                                                                : BatchCloseReason::kTextBudget;
  } else if (group->others_wait) {
    decision.reason = BatchCloseReason::kVersionChange;
  } else if (waits) {
    decision.reason = BatchCloseReason::kWaitOver;
  }
  return decision;
}

}  // namespace guichet
