#pragma once

#include <cstddef>

#include "server/telemetry/metric_builders.h"

namespace guichet {

// The series of the review queue. One a server; the registry outlives it. Thread-safe.
class FeedbackMetrics {
 public:
  explicit FeedbackMetrics(prometheus::Registry& registry);

  void CountPredictions(bool kept, std::size_t predictions);

 private:
  prometheus::Counter* kept_ = nullptr;
  prometheus::Counter* dropped_ = nullptr;
};

}  // namespace guichet
