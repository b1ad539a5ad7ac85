// What holds of every decision, over random snapshots.

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "server/pipeline/batch_policy.h"

namespace guichet {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kRounds = 5'000;
constexpr SteadyTime kStart = SteadyTime(std::chrono::hours(1));

struct Case {
  std::vector<WaitingText> texts;
  PipelineOptions options;
  std::chrono::nanoseconds batch_time;
  bool may_wait;
  SteadyTime now;

  BatchDecision Decide() const {
    return DecideBatch({.texts = texts, .batch_time = batch_time, .may_wait = may_wait}, now,
                       options);
  }
  bool Alive(std::size_t i) const { return texts[i].deadline > now; }
};

Case RandomCase(Random& random) {
  Case c;
  c.now = kStart + microseconds(random.Below(1'000'000));
  c.options.max_batch_tokens = 16 + random.Below(300);
  c.options.max_batch_texts = 1 + random.Below(20);
  c.options.max_batch_wait = microseconds(random.Chance(0.5) ? 0 : random.Below(20'000));
  c.options.max_length_sort_delay = milliseconds(1 + random.Below(200));
  c.batch_time = microseconds(random.Below(30'000));
  c.may_wait = random.Chance(0.8);
  const std::uint32_t groups = 1 + static_cast<std::uint32_t>(random.Below(3));
  for (std::uint32_t group = 0; group < groups; ++group) {
    std::uint32_t window = 0;
    const std::uint64_t count = random.Below(30);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (random.Chance(0.1)) ++window;
      WaitingText text{.tokens = 1 + static_cast<std::uint32_t>(random.Below(120)),
                       .group = group,
                       .window = window,
                       .enqueued = c.now - microseconds(random.Below(300'000))};
      if (random.Chance(0.6)) {
        text.deadline = c.now + microseconds(random.Below(200'000)) - milliseconds(20);
      }
      c.texts.push_back(text);
    }
  }
  return c;
}

class BatchPolicyPropertyTest : public testing::Test {
 protected:
  template <typename Check>
  void ForRandomCases(std::uint64_t seed, Check check) {
    Random random(seed);
    int batches = 0;
    for (int round = 0; round < kRounds && !HasFailure(); ++round) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round);
      const Case c = RandomCase(random);
      const BatchDecision decision = c.Decide();
      if (!decision.chosen.empty()) ++batches;
      check(c, decision);
    }
    EXPECT_GT(batches, kRounds / 2);
  }
};

TEST_F(BatchPolicyPropertyTest, BudgetsHoldUnlessATextIsAlone) {
  ForRandomCases(1, [](const Case& c, const BatchDecision& decision) {
    std::size_t tokens = 0;
    for (const std::uint32_t i : decision.chosen) tokens += c.texts[i].tokens;
    EXPECT_LE(decision.chosen.size(), c.options.max_batch_texts);
    if (decision.chosen.size() > 1) {
      EXPECT_LE(tokens, c.options.max_batch_tokens);
    }
  });
}

TEST_F(BatchPolicyPropertyTest, ABatchIsOfOneGroupAliveAndWithoutRepetition) {
  ForRandomCases(2, [](const Case& c, const BatchDecision& decision) {
    const std::set<std::uint32_t> distinct(decision.chosen.begin(), decision.chosen.end());
    EXPECT_EQ(distinct.size(), decision.chosen.size());
    EXPECT_TRUE(std::is_sorted(decision.chosen.begin(), decision.chosen.end()));
    for (const std::uint32_t i : decision.chosen) {
      EXPECT_EQ(c.texts[i].group, c.texts[decision.chosen.front()].group);
      EXPECT_TRUE(c.Alive(i));
    }
  });
}

TEST_F(BatchPolicyPropertyTest, ThereIsABatchOrAGoodReasonToWait) {
  ForRandomCases(3, [](const Case& c, const BatchDecision& decision) {
    if (!decision.chosen.empty()) return;
    SteadyTime oldest = SteadyTime::max();
    for (std::size_t i = 0; i < c.texts.size(); ++i) {
      if (c.Alive(i)) oldest = std::min(oldest, c.texts[i].enqueued);
    }
    if (oldest == SteadyTime::max()) {
      EXPECT_EQ(decision.wait_until, SteadyTime::max());
      return;
    }
    EXPECT_TRUE(c.may_wait);
    EXPECT_GT(decision.wait_until, c.now);
    EXPECT_LE(decision.wait_until, oldest + c.options.max_batch_wait);
  });
}

TEST_F(BatchPolicyPropertyTest, TheMostUrgentOfTheFirstWindowIsAlwaysServed) {
  ForRandomCases(4, [](const Case& c, const BatchDecision& decision) {
    if (decision.chosen.empty()) return;
    // Of the chosen group's first window, the oldest text past its sort delay, unless a deadline
    // makes another urgent.
    const std::uint32_t group = c.texts[decision.chosen.front()].group;
    std::uint32_t window = ~0U;
    for (std::size_t i = 0; i < c.texts.size(); ++i) {
      if (c.texts[i].group == group && c.Alive(i)) window = std::min(window, c.texts[i].window);
    }
    SteadyTime oldest = SteadyTime::max();
    bool deadlines = false;
    for (std::size_t i = 0; i < c.texts.size(); ++i) {
      const WaitingText& text = c.texts[i];
      if (text.group != group || text.window != window || !c.Alive(i)) continue;
      oldest = std::min(oldest, text.enqueued);
      deadlines = deadlines || text.deadline != SteadyTime::max();
    }
    if (deadlines || oldest + c.options.max_length_sort_delay > c.now) return;
    EXPECT_TRUE(std::any_of(decision.chosen.begin(), decision.chosen.end(),
                            [&](std::uint32_t i) { return c.texts[i].enqueued == oldest; }));
  });
}

TEST_F(BatchPolicyPropertyTest, ALaterWindowIsTouchedOnlyWhenTheEarlierOnesAreTakenWhole) {
  ForRandomCases(5, [](const Case& c, const BatchDecision& decision) {
    if (decision.chosen.empty()) return;
    const std::uint32_t group = c.texts[decision.chosen.front()].group;
    std::uint32_t last = 0;
    for (const std::uint32_t i : decision.chosen) last = std::max(last, c.texts[i].window);
    for (std::uint32_t i = 0; i < c.texts.size(); ++i) {
      if (c.texts[i].group != group || c.texts[i].window >= last || !c.Alive(i)) continue;
      EXPECT_TRUE(std::binary_search(decision.chosen.begin(), decision.chosen.end(), i));
    }
  });
}

TEST_F(BatchPolicyPropertyTest, TheSameQuestionHasTheSameAnswer) {
  ForRandomCases(6, [](const Case& c, const BatchDecision& decision) {
    const BatchDecision again = c.Decide();
    EXPECT_EQ(again.chosen, decision.chosen);
    EXPECT_EQ(again.reason, decision.reason);
    EXPECT_EQ(again.wait_until, decision.wait_until);
  });
}

TEST_F(BatchPolicyPropertyTest, TheReasonIsTrue) {
  ForRandomCases(7, [](const Case& c, const BatchDecision& decision) {
    if (decision.chosen.empty()) return;
    const std::uint32_t group = c.texts[decision.chosen.front()].group;
    std::size_t left = 0;
    std::size_t others = 0;
    std::size_t tokens = 0;
    for (std::uint32_t i = 0; i < c.texts.size(); ++i) {
      if (!c.Alive(i)) continue;
      if (c.texts[i].group != group) {
        ++others;
      } else if (std::binary_search(decision.chosen.begin(), decision.chosen.end(), i)) {
        tokens += c.texts[i].tokens;
      } else {
        ++left;
      }
    }
    switch (decision.reason) {
      case BatchCloseReason::kTokenBudget:
        EXPECT_TRUE(left > 0 || tokens >= c.options.max_batch_tokens);
        break;
      case BatchCloseReason::kTextBudget:
        EXPECT_EQ(decision.chosen.size(), c.options.max_batch_texts);
        break;
      case BatchCloseReason::kQueueEmpty:
      case BatchCloseReason::kWaitOver:
        EXPECT_EQ(left + others, 0U);
        break;
      case BatchCloseReason::kVersionChange:
        EXPECT_EQ(left, 0U);
        EXPECT_GT(others, 0U);
        break;
    }
  });
}

}  // namespace
}  // namespace guichet
