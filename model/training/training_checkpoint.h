#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random.h"
#include "model/checkpoint/parameter_names.h"
#include "model/training/training_progress.h"
#include "model/training/training_session.h"

namespace guichet {

// Where a run keeps what it needs to go on after its process died.
struct CheckpointOptions {
  // Belongs to this run alone; made when absent. Empty: no checkpoints.
  std::filesystem::path folder;
  // Time between two checkpoints; the one at a suspension is written at once. At least 0.
  std::chrono::milliseconds interval = std::chrono::seconds(60);
  // Asked after every update: true writes a checkpoint and ends the run with ABORTED, to be resumed
  // by the same call. May be null.
  std::function<bool()> suspend = {};
};

// Where a run stands between two updates.
struct TrainerState {
  std::string fingerprint;     // of plan, configuration and examples
  int epoch = 1;               // under way, from 1
  std::size_t next_batch = 0;  // of that epoch
  double loss_sum = 0;         // of that epoch's updates
  int epoch_updates = 0;
  std::int64_t epoch_tokens = 0;
  int updates = 0;  // of the whole run
  std::int64_t tokens = 0;
  double seconds = 0;  // spent so far, the epoch under way included
  double training_seconds = 0;
  double epoch_seconds = 0;
  Random::State random = {};  // of token dropout
  int best_epoch = 0;         // 0: none yet
  std::vector<EpochRecord> history;
  SessionState session;
};

// The best epoch so far.
struct BestEpoch {
  ModelWeights weights;
  std::vector<double> logits;  // of the validation examples; empty without any
};

// Checkpoints of one run in a folder. Each is a folder of its own that appears whole, by a rename
// after fsync, with a hash over its contents; the older one goes only then, so that a crash at any
// moment leaves a usable one. Not thread-safe.
class TrainingCheckpoints {
 public:
  // `options.folder` is not empty.
  explicit TrainingCheckpoints(CheckpointOptions options) : options_(std::move(options)) {}

  // The last checkpoint, or nothing when there is none. DATA_LOSS when it is not what was written;
  // FAILED_PRECONDITION when it belongs to another plan, model or set of examples.
  absl::StatusOr<std::optional<TrainerState>> Load(const std::string& fingerprint) const;
  absl::Status Save(const TrainerState& state) const;

  // The weights of an epoch, before the first checkpoint that names it as the best.
  absl::StatusOr<BestEpoch> LoadBest(int epoch) const;
  absl::Status SaveBest(int epoch, const BestEpoch& best) const;

  const CheckpointOptions& options() const { return options_; }

 private:
  const CheckpointOptions options_;
};

}  // namespace guichet
