#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace guichet {

// Times as the tables hold them: microseconds since 1970, UTC. 0: none.
inline std::int64_t ToMicros(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

}  // namespace guichet
