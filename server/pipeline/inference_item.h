#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/inference/text_classifier.h"

namespace guichet {

// A model version in service. Held by leases: whoever holds the pointer keeps the version loaded.
struct ServedModel {
  std::string name;
  std::int64_t version = 0;
  std::shared_ptr<const TextClassifier> classifier;
};
using ModelLease = std::shared_ptr<const ServedModel>;

// Set by the caller's side when nobody waits for the answer any more; read before the item reaches
// the device.
using CancellationFlag = std::shared_ptr<const std::atomic<bool>>;

// What the pipeline says of one text. Times are this text's own.
struct InferenceResult {
  absl::StatusOr<std::vector<float>> logits;  // raw, one for each label
  std::chrono::nanoseconds queue_time{0};     // enqueue to the start of its batch, or to its end
  std::chrono::nanoseconds infer_time{0};     // of its batch
};

// What the caller does with texts that find the queue full: give them up, or keep them and offer
// them again, as a stream does; then they do not count as refused.
enum class WhenFull { kGivesUp, kOffersAgain };

// One tokenised text on its way to the device.
struct InferenceItem {
  ModelLease model;
  std::vector<TokenId> tokens;
  SteadyTime deadline = SteadyTime::max();
  CancellationFlag cancelled;  // may be null
  // Called exactly once, from any thread, never under a lock of the pipeline. Must not throw.
  std::function<void(InferenceResult)> done;
};

}  // namespace guichet
