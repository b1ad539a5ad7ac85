#include "server/rpc/peer_limits.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace guichet {
namespace {

TEST(PeerLimitsTest, RefusesAboveTheLimitUntilASlotIsFreed) {
  PeerLimits limits(2);
  PeerLimits::Slot first = limits.Enter("a");
  PeerLimits::Slot second = limits.Enter("a");
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(limits.Enter("a"));
  EXPECT_TRUE(limits.Enter("b")) << "other connections have their own count";
  second = PeerLimits::Slot();
  EXPECT_TRUE(limits.Enter("a"));
}

TEST(PeerLimitsTest, ARefusalFreesNothing) {
  PeerLimits limits(1);
  const PeerLimits::Slot held = limits.Enter("a");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limits.Enter("a"));
}

TEST(PeerLimitsTest, AMovedSlotIsFreedOnce) {
  PeerLimits limits(1);
  PeerLimits::Slot slot = limits.Enter("a");
  {
    const PeerLimits::Slot moved = std::move(slot);
    EXPECT_TRUE(moved);
    EXPECT_FALSE(limits.Enter("a"));
  }
  EXPECT_TRUE(limits.Enter("a"));
}

TEST(PeerLimitsTest, ManyConnectionsDoNotDisturbEachOther) {
  PeerLimits limits(1);
  std::vector<PeerLimits::Slot> slots;
  for (int i = 0; i < 1000; ++i) slots.push_back(limits.Enter(std::to_string(i)));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limits.Enter(std::to_string(i)));
  slots.clear();
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limits.Enter(std::to_string(i)));
}

}  // namespace
}  // namespace guichet
