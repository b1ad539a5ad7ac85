#include "server/rpc/peer_limits.h"

namespace guichet {

PeerLimits::Slot PeerLimits::Enter(const std::string& peer) {
  const MutexLock lock(mutex_);
  // References into an unordered_map survive rehashing, so a slot frees its place without a
  // look-up.
  Counts::value_type& count = *counts_.try_emplace(peer, 0).first;
  if (count.second >= max_in_flight_) return {};
  ++count.second;
  return {this, &count};
}

void PeerLimits::Leave(Counts::value_type* count) {
  const MutexLock lock(mutex_);
  if (--count->second == 0) counts_.erase(counts_.find(count->first));
}

}  // namespace guichet
