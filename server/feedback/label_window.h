#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "base/clock.h"

namespace guichet {

// Answers by label over the last while, from counters that only rise. Holds some 60 snapshots of
// them, however long the window. Not thread-safe.
class LabelWindow {
 public:
  explicit LabelWindow(std::chrono::nanoseconds window) : window_(window) {}

  // Takes the counters as they are now, the first time soon after they began at 0; returns the
  // answers by label within the window, or of all the time where that is shorter.
  std::vector<double> Update(SteadyTime now, const std::vector<double>& counters);

 private:
  struct Snapshot {
    SteadyTime time;
    std::vector<double> counters;
  };

  const std::chrono::nanoseconds window_;
  std::deque<Snapshot> snapshots_;  // rising; the first is the window's beginning
};

// Population stability index of recent answers against a training mix, both by label. NaN where it
// would say nothing: no mix is told, or fewer than 200 answers or 20 a label came, since without
// any drift it is then (labels - 1) / answers on average, up to 0.05.
double LabelDrift(const std::vector<double>& training_mix, const std::vector<double>& recent);

}  // namespace guichet
