#include "server/feedback/label_window.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "model/evaluation/statistics.h"

namespace guichet {
namespace {

constexpr int kSnapshots = 60;
constexpr double kFewestAnswers = 200;
constexpr double kFewestAnswersALabel = 20;

}  // namespace

std::vector<double> LabelWindow::Update(SteadyTime now, const std::vector<double>& counters) {
  // The newest snapshot that is as old as the window is its beginning.
  while (snapshots_.size() > 1 && snapshots_[1].time <= now - window_) snapshots_.pop_front();
  // What was counted before the first look came within the window as well: counters begin at 0.
  if (snapshots_.empty()) {
    snapshots_.push_back({.time = now, .counters = std::vector<double>(counters.size(), 0.0)});
  }
  if (now - snapshots_.back().time >= window_ / kSnapshots) {
    snapshots_.push_back({.time = now, .counters = counters});
  }
  const std::vector<double>& before = snapshots_.front().counters;
  std::vector<double> recent(counters.size(), 0.0);
  for (std::size_t i = 0; i < counters.size() && i < before.size(); ++i) {
    recent[i] = std::max(0.0, counters[i] - before[i]);
  }
  return recent;
}

double LabelDrift(const std::vector<double>& training_mix, const std::vector<double>& recent) {
  const double answers = std::accumulate(recent.begin(), recent.end(), 0.0);
  const double fewest =
      std::max(kFewestAnswers, kFewestAnswersALabel * static_cast<double>(recent.size()));
  if (training_mix.empty() || training_mix.size() != recent.size() || answers < fewest) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return PopulationStabilityIndex(training_mix, recent);
}

}  // namespace guichet
