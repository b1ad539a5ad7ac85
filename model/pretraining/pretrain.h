#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/checkpoint/parameter_names.h"
#include "model/network/bart_config.h"
#include "model/pretraining/pretraining_plan.h"
#include "model/pretraining/token_corpus.h"
#include "model/training/training_checkpoint.h"
#include "model/training/training_progress.h"

namespace guichet {

// What a run learns from. Everything is borrowed for its length.
struct PretrainingInputs {
  const PretrainingPlan& plan;
  const BartConfig& config;
  const ModelWeights* base = nullptr;  // null: from scratch
  const TokenCorpus& corpus;
  const SpecialTokenIds& special_ids;
  // Seconds of the whole run, those before an interruption included, after which it ends as if the
  // plan's updates were done. Unset: none. They count from the first update.
  std::optional<std::chrono::duration<double>> time_limit = std::nullopt;
  // Whether the learning rate follows the share of time_limit that is gone rather than that of the
  // updates. Two runs then learn differently.
  bool schedule_by_time = false;
};

// A measurement on the way. Losses are nats a token.
struct LossPoint {
  int update = 0;   // after so many
  double loss = 0;  // mean over the updates since the point before
  std::optional<double> heldout_loss = std::nullopt;  // absent without held-out texts
  double seconds = 0;                                 // since the run began
  double tokens_per_second = 0;  // trained on since the point before, measuring left out
};

struct PretrainingResult {
  ModelWeights weights = {};  // fp32, in memory of their own
  std::vector<LossPoint> curve = {};
  int updates = 0;
  int epoch = 1;            // under way at the end
  std::int64_t tokens = 0;  // of the texts trained on, <s> and </s> included
  double seconds = 0;
  double tokens_per_second = 0;  // of the training part
  bool complete = false;         // all updates of the plan are done
  std::string device;
};

// A held-out text as it was read, <mask>s in it, and as the model wrote it; without <s> and </s>.
struct Reconstruction {
  std::vector<TokenId> masked;
  std::vector<TokenId> mended;
};

// Callbacks of a run, all optional, called from the thread that trains.
struct PretrainingObserver {
  std::function<void(const TrainingProgress&)> on_step;
  std::function<void(const LossPoint&)> on_point;
  std::function<void(const Reconstruction&)> on_sample;
};

// Trains an MBartForConditionalGeneration to mend spoilt texts, by teacher forcing over all of
// their tokens. The same inputs, seed and threads give the same weights, also when the run was
// interrupted and resumed from its checkpoints any number of times; a time limit decides only after
// how many updates it ends. Errors as of Train; ABORTED: suspended, a checkpoint is written.
absl::StatusOr<PretrainingResult> Pretrain(const PretrainingInputs& inputs,
                                           const PretrainingObserver& observer,
                                           const CheckpointOptions& checkpoints = {},
                                           const Clock& clock = Clock::System());

}  // namespace guichet
