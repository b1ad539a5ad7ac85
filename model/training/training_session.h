#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/network/bart_config.h"
#include "model/network/padded_batch.h"
#include "model/training/process_group.h"
#include "model/training/training_plan.h"

namespace guichet {

// Texts and their labels for one forward pass. When `pooled` holds what the body makes of the texts
// (rows * d_model, from TrainingSession::Pooled), the body is not run.
struct TrainingBatch {
  PaddedBatch tokens;
  std::vector<int> labels;    // one a row; not read when evaluating
  std::vector<float> pooled;  // or empty
};

struct SessionOptions {
  int total_steps = 1;               // updates of the whole run, for the schedule
  std::vector<float> class_weights;  // one a label, or empty
  // The tokens of all batches to come, in any order; empty: the whole vocabulary. With a large
  // vocabulary of which the data uses a part, naming that part saves most of an update's time.
  std::vector<TokenId> tokens;
  // The processes that share the work; null: this one alone. Each is given whole batches and
  // computes its rows of them. Outlives the session.
  ProcessGroup* peers = nullptr;
};

struct StepResult {
  double loss = 0;           // before the update, mean over the micro-batches
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;  // of this update
};

// Where a session stands between two updates: enough to go on to the same weights, bit for bit.
struct SessionState {
  std::shared_ptr<const Checkpoint> tensors;  // parameters, moments, averages; fp32
  int step = 0;
  // What weight decay has made so far of the word rows that ActiveVocabulary leaves out.
  double untouched = 1.0;
  double average_untouched = 1.0;
  long average_updates = 0;
  std::string dropout;  // bytes
};

// A model under training: forward, backward, clipping, AdamW, schedule, and the moving average of
// the weights. torch ends behind this interface. While it lives, torch's settings for threads and
// repeatability are the plan's, in the whole process; use one session at a time, from one thread.
class TrainingSession {
 public:
  // From `base`, or from the plan's seed when it is null. INVALID_ARGUMENT: a plan or weights that
  // do not fit; FAILED_PRECONDITION: no such device.
  static absl::StatusOr<std::unique_ptr<TrainingSession>> Create(const BartConfig& config,
                                                                 const ModelWeights* base,
                                                                 const TrainingPlan& plan,
                                                                 const SessionOptions& options);
  virtual ~TrainingSession() = default;

  // One update from one or several micro-batches. FAILED_PRECONDITION when the loss or the gradient
  // is no longer a number, with the step and remedies; the weights are then of no use. UNAVAILABLE:
  // a process of the run is gone.
  virtual absl::StatusOr<StepResult> Step(std::span<const TrainingBatch> micro_batches) = 0;

  // Logits (rows * labels) as the exported weights would give them.
  virtual absl::StatusOr<std::vector<float>> Logits(const TrainingBatch& batch) = 0;
  // What the head reads (rows * d_model); the same all along when only the head learns.
  virtual absl::StatusOr<std::vector<float>> Pooled(const PaddedBatch& batch) = 0;

  // A copy of all parameters, fp32; the moving average when the plan asks for one.
  virtual absl::StatusOr<ModelWeights> Export() = 0;

  // The state as a copy, and back. Restore: INVALID_ARGUMENT when the state is of another model or
  // plan.
  virtual absl::StatusOr<SessionState> Save() = 0;
  virtual absl::Status Restore(const SessionState& state) = 0;

  virtual std::string_view device() const = 0;  // "cpu", "cuda:0"
};

struct TrainingDevice {
  bool is_cpu = true;
  std::optional<std::int64_t> free_bytes;  // of a GPU's memory, when libtorch says
};

// Where a plan trains, `peers` sharing the work or null. Errors as TrainingSession::Create.
absl::StatusOr<TrainingDevice> FindTrainingDevice(const TrainingPlan& plan,
                                                  const ProcessGroup* peers);

}  // namespace guichet
