#pragma once

#include <chrono>
#include <cstddef>

#include "server/telemetry/metric_builders.h"

namespace guichet {

// The series of text generation. One a server; the registry outlives it. Thread-safe.
class GenerationMetrics {
 public:
  explicit GenerationMetrics(prometheus::Registry& registry);

  void SetWaiting(std::size_t tasks) { waiting_->Set(static_cast<double>(tasks)); }
  void SetRunning(bool running) { running_->Set(running ? 1 : 0); }
  void CountRefusal() { refused_->Increment(); }
  void CountTokens(std::size_t tokens) { tokens_->Increment(static_cast<double>(tokens)); }
  void ObserveFirstToken(std::chrono::duration<double> since_submission) {
    first_token_->Observe(since_submission.count());
  }

 private:
  prometheus::Gauge* waiting_;
  prometheus::Gauge* running_;
  prometheus::Counter* refused_;
  prometheus::Counter* tokens_;
  prometheus::Histogram* first_token_;
};

}  // namespace guichet
