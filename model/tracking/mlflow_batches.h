#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model/tracking/run_tracker.h"

namespace guichet {

// What one call of MLflow's runs/log-batch may hold.
struct MlflowLimits {
  std::size_t metrics = 1000;
  std::size_t params = 100;
  std::size_t tags = 100;
  std::size_t items = 1000;         // of all kinds
  std::size_t bytes = 900'000;      // of the body, whose limit is 1 MB
  std::size_t value_bytes = 6'000;  // of a parameter
  std::size_t tag_bytes = 5'000;
};

// Collects metrics, parameters and tags into bodies of runs/log-batch and hands each to `send`
// before an item would exceed a limit. Not thread-safe.
class MlflowBatches {
 public:
  using Send = std::function<absl::Status(const std::string& body)>;
  MlflowBatches(std::string run_id, Send send, const MlflowLimits& limits = {});

  // Errors of `send`, with which the batch under way is lost.
  absl::Status AddMetric(const TrackedScalar& scalar, std::int64_t step, WallTime time);
  absl::Status AddParam(std::string_view key, std::string_view value);
  absl::Status AddTag(std::string_view key, std::string_view value);
  // Sends what is left, if anything.
  absl::Status Flush();

 private:
  struct Kind {
    std::string items;  // JSON, with commas between
    std::size_t count = 0;
  };
  absl::Status Add(Kind& kind, std::size_t most, const std::string& item);

  const std::string run_id_;
  const Send send_;
  const MlflowLimits limits_;
  Kind metrics_;
  Kind params_;
  Kind tags_;
};

}  // namespace guichet
