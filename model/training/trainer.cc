#include "model/training/trainer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status_macros.h"
#include "model/evaluation/calibration.h"
#include "model/network/owned_tensors.h"
#include "model/training/body_features.h"
#include "model/training/class_balance.h"
#include "model/training/early_stopping.h"
#include "model/training/run_fingerprint.h"
#include "model/training/run_preparation.h"
#include "model/training/training_checkpoint.h"
#include "model/training/training_session.h"

namespace guichet {
namespace {

using Seconds = std::chrono::duration<double>;

// Streams of random numbers drawn from the plan's seed, apart from the session's.
constexpr std::uint64_t kOrderStream = 0x6f72646572ULL;
constexpr std::uint64_t kTokenStream = 0x746f6b656eULL;

struct Features {
  BodyFeatures training;
  BodyFeatures validation;
};

// The run itself: owns the session and what has been learnt so far.
class TrainingRun {
 public:
  struct Inputs {
    const TrainingPlan& plan;
    const BartConfig& config;
    const ModelWeights* base;
    const TrainingDatasets& data;
    const TrainingObserver& observer;
    const CheckpointOptions& checkpoints;
    const Clock& clock;
    ProcessGroup* peers;
  };
  TrainingRun(const Inputs& inputs, std::unique_ptr<TrainingSession> session, int total_steps)
      : plan_(inputs.plan),
        config_(inputs.config),
        base_(inputs.base),
        data_(inputs.data),
        observer_(inputs.observer),
        clock_(inputs.clock),
        peers_(inputs.peers),
        session_(std::move(session)),
        total_steps_(total_steps),
        start_(inputs.clock.Now()),
        epoch_start_(start_),
        last_checkpoint_(start_),
        random_(MixBits(inputs.plan.seed ^ kTokenStream)),
        stopping_(inputs.plan.patience, inputs.plan.min_delta) {
    if (!inputs.checkpoints.folder.empty()) checkpoints_.emplace(inputs.checkpoints);
  }

  absl::StatusOr<TrainingResult> Run();

 private:
  TrainingBatch MakeBatch(std::span<const std::size_t> rows);
  absl::Status RunEpoch();
  absl::Status RunUpdate(std::span<const TrainingBatch> micro);
  absl::Status EndEpoch();
  absl::StatusOr<std::vector<double>> ValidationLogits();
  absl::Status Judge(EpochRecord& record);
  absl::StatusOr<TrainingResult> Finish();
  void Report(const StepResult& step);
  absl::Status Resume();
  absl::Status CheckpointIfDue();
  absl::Status WriteCheckpoint();
  // Whether one of the processes wants it.
  absl::StatusOr<bool> Any(bool mine) {
    if (peers_ == nullptr) return mine;
    return peers_->Any(mine);
  }
  double Since(SteadyTime start) const { return Seconds(clock_.Now() - start).count(); }
  // Earlier processes of this run included.
  double RunSeconds() const { return seconds_before_ + Since(start_); }
  double EpochSeconds() const { return epoch_seconds_before_ + Since(epoch_start_); }

  const TrainingPlan& plan_;
  const BartConfig& config_;
  const ModelWeights* const base_;
  const TrainingDatasets& data_;
  const TrainingObserver& observer_;
  const Clock& clock_;
  ProcessGroup* const peers_;
  std::optional<TrainingCheckpoints> checkpoints_;
  const std::unique_ptr<TrainingSession> session_;
  const int total_steps_;
  const SteadyTime start_;
  SteadyTime epoch_start_;
  SteadyTime last_checkpoint_;
  double seconds_before_ = 0;
  double epoch_seconds_before_ = 0;

  Random random_;
  EarlyStopping stopping_;
  Features features_;
  TrainerState state_;  // its session part is filled in when it is saved
  BestEpoch best_;
  int best_on_disk_ = 0;  // the epoch that the checkpoints hold as the best
};

TrainingBatch TrainingRun::MakeBatch(std::span<const std::size_t> rows) {
  TrainingBatch batch = data_.training.Batch(rows, plan_.token_dropout, random_);
  batch.pooled = features_.training.Of(rows);
  return batch;
}

void TrainingRun::Report(const StepResult& step) {
  if (!observer_.on_step) return;
  TrainingProgress progress{.epoch = state_.epoch,
                            .epochs = plan_.epochs,
                            .step = state_.updates,
                            .total_steps = total_steps_,
                            .loss = step.loss,
                            .running_loss = state_.loss_sum / state_.epoch_updates,
                            .learning_rate = step.learning_rate,
                            .gradient_norm = step.gradient_norm};
  const double seconds = EpochSeconds();
  progress.tokens_per_second =
      seconds > 0 ? static_cast<double>(state_.epoch_tokens) / seconds : 0.0;
  progress.elapsed = Seconds(RunSeconds());
  progress.remaining =
      progress.elapsed * (static_cast<double>(total_steps_ - progress.step) / progress.step);
  observer_.on_step(progress);
}

absl::Status TrainingRun::RunUpdate(std::span<const TrainingBatch> micro) {
  GUICHET_ASSIGN_OR_RETURN(const bool cancelled, Any(observer_.cancelled && observer_.cancelled()));
  if (cancelled) {
    return absl::CancelledError(
        fmt::format("training was cancelled after {} of {} updates", state_.updates, total_steps_));
  }
  GUICHET_ASSIGN_OR_RETURN(const StepResult step, session_->Step(micro));
  ++state_.updates;
  ++state_.epoch_updates;
  state_.loss_sum += step.loss;
  for (const TrainingBatch& batch : micro) {
    state_.epoch_tokens += std::ranges::count(batch.tokens.mask, std::uint8_t{1});
  }
  Report(step);
  return absl::OkStatus();
}

absl::Status TrainingRun::RunEpoch() {
  const std::uint64_t seed =
      MixBits(plan_.seed ^ kOrderStream) + static_cast<std::uint64_t>(state_.epoch);
  GUICHET_ASSIGN_OR_RETURN(
      const auto batches,
      data_.training.Shuffled(
          {.batch_size = plan_.batch_size, .seed = MixBits(seed), .sampling = plan_.sampling}));
  std::vector<TrainingBatch> micro;
  for (std::size_t i = state_.next_batch; i < batches.size(); ++i) {
    micro.push_back(MakeBatch(batches[i]));
    if (static_cast<int>(micro.size()) < plan_.accumulate && i + 1 < batches.size()) continue;
    GUICHET_RETURN_IF_ERROR(RunUpdate(micro));
    micro.clear();
    state_.next_batch = i + 1;
    GUICHET_RETURN_IF_ERROR(CheckpointIfDue());
  }
  return absl::OkStatus();
}

// Writes where the run stands when it is time to, and ends it when it is to be suspended.
absl::Status TrainingRun::CheckpointIfDue() {
  if (!checkpoints_) return absl::OkStatus();
  const CheckpointOptions& options = checkpoints_->options();
  GUICHET_ASSIGN_OR_RETURN(const bool suspend, Any(options.suspend && options.suspend()));
  const bool due = clock_.Now() - last_checkpoint_ >= options.interval;
  if ((suspend || due) && (peers_ == nullptr || peers_->rank() == 0)) {
    GUICHET_RETURN_IF_ERROR(WriteCheckpoint());
  }
  if (!suspend) return absl::OkStatus();
  return absl::AbortedError(
      fmt::format("training was suspended after {} of {} updates", state_.updates, total_steps_));
}

absl::Status TrainingRun::WriteCheckpoint() {
  TrainerState state = state_;
  state.random = random_.state();
  state.seconds = RunSeconds();
  state.epoch_seconds = EpochSeconds();
  GUICHET_ASSIGN_OR_RETURN(state.session, session_->Save());
  if (state_.best_epoch != best_on_disk_) {
    GUICHET_RETURN_IF_ERROR(checkpoints_->SaveBest(state_.best_epoch, best_));
    best_on_disk_ = state_.best_epoch;
  }
  GUICHET_RETURN_IF_ERROR(checkpoints_->Save(state));
  last_checkpoint_ = clock_.Now();
  return absl::OkStatus();
}

// Goes to where the last checkpoint stands, if there is one.
absl::Status TrainingRun::Resume() {
  if (!checkpoints_ && peers_ == nullptr) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(
      state_.fingerprint,
      RunFingerprint(plan_, config_, base_, {&data_.training, &data_.validation}));
  if (peers_ != nullptr) {
    GUICHET_RETURN_IF_ERROR(peers_->CheckSame("plan, model or data", state_.fingerprint));
  }
  if (!checkpoints_) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(std::optional<TrainerState> saved,
                           checkpoints_->Load(state_.fingerprint));
  if (!saved) return absl::OkStatus();
  GUICHET_RETURN_IF_ERROR(session_->Restore(saved->session));
  saved->session = {};
  state_ = *std::move(saved);
  random_ = Random(state_.random);
  seconds_before_ = state_.seconds;
  epoch_seconds_before_ = state_.epoch_seconds;
  for (const EpochRecord& epoch : state_.history) {
    if (epoch.macro_f1) stopping_.Improves(*epoch.macro_f1);
  }
  if (state_.best_epoch == 0) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(best_, checkpoints_->LoadBest(state_.best_epoch));
  best_on_disk_ = state_.best_epoch;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> TrainingRun::ValidationLogits() {
  const auto labels = static_cast<std::size_t>(config_.num_labels());
  std::vector<float> logits(data_.validation.size() * labels);
  int turn = 0;
  for (const auto& rows : data_.validation.ByLength(plan_.batch_size)) {
    // Each process computes its part; the others' rows stay 0 and become their sums.
    if (peers_ != nullptr && turn++ % peers_->size() != peers_->rank()) continue;
    TrainingBatch batch = data_.validation.Batch(rows);
    batch.pooled = features_.validation.Of(rows);
    GUICHET_ASSIGN_OR_RETURN(const std::vector<float> values, session_->Logits(batch));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * labels), labels,
                  logits.begin() + static_cast<std::ptrdiff_t>(rows[i] * labels));
    }
  }
  if (peers_ != nullptr) GUICHET_RETURN_IF_ERROR(peers_->Sum(logits));
  return std::vector<double>(logits.begin(), logits.end());
}

// Validates an epoch and keeps its weights when it is the best so far.
absl::Status TrainingRun::Judge(EpochRecord& record) {
  record.best = true;  // without validation the last epoch is taken
  BestEpoch judged;
  if (data_.validation.size() > 0) {
    GUICHET_ASSIGN_OR_RETURN(judged.logits, ValidationLogits());
    const LogitTable table{judged.logits, config_.num_labels()};
    GUICHET_ASSIGN_OR_RETURN(const ClassificationReport report,
                             ReportLogits(config_.labels, data_.validation.labels(), table));
    record.accuracy = report.accuracy;
    record.macro_f1 = report.macro.f1;
    record.validation_loss = MeanNegativeLogLikelihood(table, data_.validation.labels(), 1.0);
    record.best = stopping_.Improves(report.macro.f1);
  } else if (record.epoch < plan_.epochs) {
    return absl::OkStatus();
  }
  if (!record.best) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(judged.weights, session_->Export());
  best_ = std::move(judged);
  state_.best_epoch = record.epoch;
  return absl::OkStatus();
}

absl::Status TrainingRun::EndEpoch() {
  EpochRecord record;
  record.epoch = state_.epoch;
  const double seconds = EpochSeconds();
  state_.training_seconds += seconds;
  state_.tokens += state_.epoch_tokens;
  record.training_loss = state_.loss_sum / std::max(1, state_.epoch_updates);
  record.tokens_per_second = seconds > 0 ? static_cast<double>(state_.epoch_tokens) / seconds : 0.0;
  GUICHET_RETURN_IF_ERROR(Judge(record));
  record.seconds = EpochSeconds();
  state_.history.push_back(record);
  if (observer_.on_epoch) observer_.on_epoch(record);
  ++state_.epoch;
  state_.next_batch = 0;
  state_.loss_sum = 0;
  state_.epoch_updates = 0;
  state_.epoch_tokens = 0;
  epoch_start_ = clock_.Now();
  epoch_seconds_before_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<TrainingResult> TrainingRun::Finish() {
  TrainingResult result;
  if (!best_.logits.empty()) {
    const LogitTable table{best_.logits, config_.num_labels()};
    GUICHET_ASSIGN_OR_RETURN(result.temperature, FitTemperature(table, data_.validation.labels()));
    ReportOptions options;
    options.temperature = result.temperature;
    GUICHET_ASSIGN_OR_RETURN(
        result.validation, ReportLogits(config_.labels, data_.validation.labels(), table, options));
  }
  result.validation_logits = std::move(best_.logits);
  GUICHET_ASSIGN_OR_RETURN(result.weights_sha256, HashWeights(best_.weights.tensors));
  result.weights = std::move(best_.weights);
  result.best_epoch = state_.best_epoch;
  result.stopped_early = static_cast<int>(state_.history.size()) < plan_.epochs;
  result.history = std::move(state_.history);
  result.updates = state_.updates;
  result.tokens = state_.tokens;
  result.truncated_examples = data_.training.truncated() + data_.validation.truncated();
  result.seconds = RunSeconds();
  result.tokens_per_second = state_.training_seconds > 0
                                 ? static_cast<double>(state_.tokens) / state_.training_seconds
                                 : 0.0;
  result.device = session_->device();
  return result;
}

absl::StatusOr<TrainingResult> TrainingRun::Run() {
  if (plan_.mode.kind == TrainedPart::Kind::kHead) {
    const FeatureOptions options{config_.d_model, plan_.batch_size, observer_.cancelled, peers_};
    GUICHET_ASSIGN_OR_RETURN(features_.training,
                             BodyFeatures::Compute(*session_, data_.training, options));
    GUICHET_ASSIGN_OR_RETURN(features_.validation,
                             BodyFeatures::Compute(*session_, data_.validation, options));
  }
  GUICHET_RETURN_IF_ERROR(Resume());
  epoch_start_ = clock_.Now();
  while (state_.epoch <= plan_.epochs && !stopping_.GivesUp()) {
    GUICHET_RETURN_IF_ERROR(RunEpoch());
    GUICHET_RETURN_IF_ERROR(EndEpoch());
  }
  return Finish();
}

}  // namespace

absl::StatusOr<TrainingResult> Train(const TrainingInputs& inputs, const TrainingObserver& observer,
                                     const CheckpointOptions& checkpoints, const Clock& clock) {
  const TrainingPlan& plan = inputs.plan;
  const BartConfig& config = inputs.config;
  GUICHET_RETURN_IF_ERROR(plan.Validate());
  GUICHET_ASSIGN_OR_RETURN(const TrainingDatasets data, TrainingDatasets::Make(inputs));
  GUICHET_RETURN_IF_ERROR(
      ReserveMemory(inputs, data, observer.on_memory, !checkpoints.folder.empty()));
  const auto batch = static_cast<std::size_t>(plan.batch_size);
  const auto accumulate = static_cast<std::size_t>(plan.accumulate);
  const std::size_t batches = (data.training.size() + batch - 1) / batch;
  const std::size_t updates = (batches + accumulate - 1) / accumulate;
  SessionOptions options;
  options.total_steps = static_cast<int>(updates) * plan.epochs;
  options.class_weights =
      ClassWeights(CountLabels(data.training.labels(), config.num_labels()), plan.class_weights);
  options.tokens = data.training.Tokens();
  const std::vector<TokenId> more = data.validation.Tokens();
  options.tokens.insert(options.tokens.end(), more.begin(), more.end());
  options.peers = inputs.peers;
  GUICHET_ASSIGN_OR_RETURN(auto session,
                           TrainingSession::Create(config, inputs.base, plan, options));
  return TrainingRun({plan, config, inputs.base, data, observer, checkpoints, clock, inputs.peers},
                     std::move(session), options.total_steps)
      .Run();
}

}  // namespace guichet
