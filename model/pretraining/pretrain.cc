#include "model/pretraining/pretrain.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/data/length_buckets.h"
#include "model/pretraining/corpus_order.h"
#include "model/pretraining/spoilt_texts.h"
#include "model/training/optimizer_schedule.h"
#include "model/training/run_fingerprint.h"
#include "model/training/sequence_session.h"

namespace guichet {
namespace {

using Seconds = std::chrono::duration<double>;
using Part = TokenCorpus::Part;
using Batches = std::vector<std::vector<std::size_t>>;

constexpr std::uint64_t kOrderStream = 0x6f72646572ULL;
constexpr std::uint64_t kHeldOutStream = 0x68656c64ULL;
constexpr int kWrapping = 2;  // <s> and </s>

// Held-out texts from all over the corpus, grouped by length.
absl::StatusOr<Batches> HeldOutBatches(const TokenCorpus& corpus, const PretrainingPlan& plan) {
  std::vector<std::size_t> texts(corpus.size(Part::kHeldOut));
  std::iota(texts.begin(), texts.end(), std::size_t{0});
  Random random(kHeldOutStream);  // not the plan's seed: runs are compared on the same texts
  random.Shuffle(std::span(texts));
  std::vector<int> lengths;
  std::int64_t left = plan.heldout_tokens;
  for (const std::size_t text : texts) {
    const int length = corpus.length(Part::kHeldOut, text) + kWrapping;
    if (left < length) break;
    left -= length;
    lengths.push_back(length);
  }
  GUICHET_ASSIGN_OR_RETURN(Batches batches,
                           LengthGroupedBatches(lengths, {.max_batch_rows = plan.batch_tokens,
                                                          .max_padded_tokens = plan.batch_tokens}));
  for (auto& batch : batches) {
    for (std::size_t& row : batch) row = texts[row];
  }
  return batches;
}

// The first held-out texts that are pleasant to read, each a batch of its own.
std::vector<std::size_t> SampleTexts(const TokenCorpus& corpus, const PretrainingPlan& plan) {
  constexpr int kShortest = 12;
  constexpr int kLongest = 48;
  std::vector<std::size_t> texts;
  const std::size_t count = corpus.size(Part::kHeldOut);
  for (std::size_t text = 0; text < count && std::ssize(texts) < plan.samples; ++text) {
    const int length = corpus.length(Part::kHeldOut, text);
    if (length >= kShortest && length <= kLongest) texts.push_back(text);
  }
  return texts;
}

absl::StatusOr<std::string> FingerprintOf(const PretrainingInputs& inputs) {
  GUICHET_ASSIGN_OR_RETURN(
      const std::string learning,
      RunFingerprint(inputs.plan.learning, inputs.config, inputs.base, /*examples=*/{}));
  return Sha256Hex(learning + inputs.corpus.fingerprint() + ToYaml(inputs.plan));
}

EpochRecord ToRecord(const LossPoint& point) {
  EpochRecord record;
  record.epoch = point.update;
  record.training_loss = point.loss;
  record.validation_loss = point.heldout_loss;
  record.seconds = point.seconds;
  record.tokens_per_second = point.tokens_per_second;
  return record;
}

LossPoint ToPoint(const EpochRecord& record) {
  return {.update = record.epoch,
          .loss = record.training_loss,
          .heldout_loss = record.validation_loss,
          .seconds = record.seconds,
          .tokens_per_second = record.tokens_per_second};
}

double Rate(std::int64_t tokens, double seconds) {
  return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
}

// The run itself. Of a TrainerState, `epoch` and `next_batch` are the place in the corpus, what is
// said of an epoch is said of the updates since the last point, and `history` holds the points,
// their update in place of an epoch.
class PretrainingRun {
 public:
  PretrainingRun(const PretrainingInputs& inputs, const PretrainingObserver& observer,
                 const CheckpointOptions& checkpoints, const Clock& clock,
                 std::unique_ptr<SequenceSession> session)
      : inputs_(inputs),
        plan_(inputs.plan),
        observer_(observer),
        clock_(clock),
        session_(std::move(session)),
        texts_(inputs.corpus, plan_, inputs.special_ids),
        schedule_(ScheduleOf(plan_.learning, plan_.updates)),
        samples_(SampleTexts(inputs.corpus, plan_)),
        order_(inputs.corpus.size(Part::kTraining),
               [&corpus = inputs.corpus](std::size_t text) {
                 return corpus.length(Part::kTraining, text) + kWrapping;
               },
               {.batch_tokens = plan_.batch_tokens,
                .seed = MixBits(plan_.learning.seed ^ kOrderStream)}),
        start_(clock.Now()),
        last_checkpoint_(start_) {
    if (!checkpoints.folder.empty()) checkpoints_.emplace(checkpoints);
  }

  absl::StatusOr<PretrainingResult> Run();

 private:
  absl::Status Resume();
  absl::Status Update();
  absl::StatusOr<std::optional<double>> HeldOutLoss();
  absl::Status Measure();
  absl::Status ShowSamples();
  absl::Status CheckpointIfDue();
  absl::Status WriteCheckpoint();
  void Report(const StepResult& step) const;
  bool Done() const;
  double LearningRate() const;
  // Earlier processes of this run included.
  double RunSeconds() const { return seconds_before_ + Since(start_); }
  double Since(SteadyTime start) const { return Seconds(clock_.Now() - start).count(); }
  // Share of the time limit that is gone; at most 1.
  double TimeGone() const {
    return std::min(1.0, RunSeconds() / std::max(1e-9, inputs_.time_limit->count()));
  }

  const PretrainingInputs& inputs_;
  const PretrainingPlan& plan_;
  const PretrainingObserver& observer_;
  const Clock& clock_;
  std::optional<TrainingCheckpoints> checkpoints_;
  const std::unique_ptr<SequenceSession> session_;
  const SpoiltTexts texts_;
  const OptimizerSchedule schedule_;
  const std::vector<std::size_t> samples_;
  Batches heldout_;
  CorpusOrder order_;
  const SteadyTime start_;
  SteadyTime last_checkpoint_;
  double seconds_before_ = 0;
  std::optional<int> on_disk_;  // the updates that the last checkpoint holds
  TrainerState state_;          // its session part is filled in when it is saved
};

bool PretrainingRun::Done() const {
  const bool late = inputs_.time_limit.has_value() && TimeGone() >= 1.0;
  return late || (!inputs_.schedule_by_time && state_.updates >= plan_.updates);
}

double PretrainingRun::LearningRate() const {
  if (!inputs_.schedule_by_time) return schedule_.At(state_.updates);
  return schedule_.At(static_cast<int>(TimeGone() * plan_.updates));
}

void PretrainingRun::Report(const StepResult& step) const {
  if (!observer_.on_step) return;
  TrainingProgress progress{.epoch = state_.epoch,
                            .epochs = 0,
                            .step = state_.updates,
                            .total_steps = plan_.updates,
                            .loss = step.loss,
                            .running_loss = state_.loss_sum / state_.epoch_updates,
                            .learning_rate = step.learning_rate,
                            .gradient_norm = step.gradient_norm,
                            .tokens_per_second = Rate(state_.epoch_tokens, state_.epoch_seconds)};
  progress.elapsed = Seconds(RunSeconds());
  double left = progress.elapsed.count() *
                (static_cast<double>(plan_.updates - state_.updates) / state_.updates);
  if (inputs_.time_limit) {
    const double until = std::max(0.0, inputs_.time_limit->count() - progress.elapsed.count());
    left = inputs_.schedule_by_time ? until : std::min(left, until);
  }
  if (inputs_.schedule_by_time) {
    progress.total_steps = static_cast<int>(state_.updates / std::max(1e-9, TimeGone()));
  }
  progress.remaining = Seconds(left);
  observer_.on_step(progress);
}

absl::Status PretrainingRun::Update() {
  const SteadyTime begin = clock_.Now();
  std::vector<SequenceBatch> micro;
  for (int i = 0; i < plan_.learning.accumulate; ++i) {
    GUICHET_ASSIGN_OR_RETURN(const std::vector<std::size_t> texts, order_.Next());
    micro.push_back(texts_.Training(texts, order_.position().epoch));
  }
  GUICHET_ASSIGN_OR_RETURN(const StepResult step, session_->Step(micro, LearningRate()));
  std::int64_t tokens = 0;
  for (const SequenceBatch& batch : micro) {
    tokens += std::ranges::count(batch.target.mask, std::uint8_t{1});
  }
  const double seconds = Since(begin);
  state_.epoch = order_.position().epoch;
  state_.next_batch = order_.position().batch;
  ++state_.updates;
  ++state_.epoch_updates;
  state_.loss_sum += step.loss;
  state_.tokens += tokens;
  state_.epoch_tokens += tokens;
  state_.training_seconds += seconds;
  state_.epoch_seconds += seconds;
  Report(step);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<double>> PretrainingRun::HeldOutLoss() {
  SequenceLoss all;
  for (const std::vector<std::size_t>& texts : heldout_) {
    GUICHET_ASSIGN_OR_RETURN(const SequenceLoss loss, session_->Loss(texts_.HeldOut(texts)));
    all.sum += loss.sum;
    all.tokens += loss.tokens;
  }
  if (all.tokens == 0) return std::nullopt;
  return all.sum / static_cast<double>(all.tokens);
}

absl::Status PretrainingRun::ShowSamples() {
  if (!observer_.on_sample) return absl::OkStatus();
  for (const std::size_t text : samples_) {
    const SequenceBatch batch = texts_.HeldOut(std::span(&text, 1));
    GUICHET_ASSIGN_OR_RETURN(auto mended,
                             session_->Greedy(batch.source, batch.target.length + kWrapping));
    Reconstruction shown{.masked = {batch.source.ids.begin() + 1, batch.source.ids.end() - 1},
                         .mended = std::move(mended.front())};
    std::erase(shown.mended, inputs_.special_ids.begin);
    observer_.on_sample(shown);
  }
  return absl::OkStatus();
}

absl::Status PretrainingRun::Measure() {
  LossPoint point{.update = state_.updates,
                  .loss = state_.loss_sum / std::max(1, state_.epoch_updates),
                  .tokens_per_second = Rate(state_.epoch_tokens, state_.epoch_seconds)};
  GUICHET_ASSIGN_OR_RETURN(point.heldout_loss, HeldOutLoss());
  point.seconds = RunSeconds();
  state_.history.push_back(ToRecord(point));
  state_.loss_sum = 0;
  state_.epoch_updates = 0;
  state_.epoch_tokens = 0;
  state_.epoch_seconds = 0;
  if (observer_.on_point) observer_.on_point(point);
  return ShowSamples();
}

absl::Status PretrainingRun::CheckpointIfDue() {
  if (!checkpoints_) return absl::OkStatus();
  const CheckpointOptions& options = checkpoints_->options();
  const bool suspend = options.suspend && options.suspend();
  if (suspend || clock_.Now() - last_checkpoint_ >= options.interval) {
    GUICHET_RETURN_IF_ERROR(WriteCheckpoint());
  }
  if (!suspend) return absl::OkStatus();
  return absl::AbortedError(
      fmt::format("pre-training was suspended after {} updates", state_.updates));
}

absl::Status PretrainingRun::WriteCheckpoint() {
  if (!checkpoints_ || on_disk_ == state_.updates) return absl::OkStatus();
  TrainerState state = state_;
  state.seconds = RunSeconds();
  GUICHET_ASSIGN_OR_RETURN(state.session, session_->Save());
  GUICHET_RETURN_IF_ERROR(checkpoints_->Save(state));
  last_checkpoint_ = clock_.Now();
  on_disk_ = state_.updates;
  return absl::OkStatus();
}

absl::Status PretrainingRun::Resume() {
  if (!checkpoints_) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(state_.fingerprint, FingerprintOf(inputs_));
  GUICHET_ASSIGN_OR_RETURN(std::optional<TrainerState> saved,
                           checkpoints_->Load(state_.fingerprint));
  if (!saved) return absl::OkStatus();
  GUICHET_RETURN_IF_ERROR(session_->Restore(saved->session));
  saved->session = {};
  state_ = *std::move(saved);
  seconds_before_ = state_.seconds;
  on_disk_ = state_.updates;
  return order_.Seek({.epoch = state_.epoch, .batch = state_.next_batch});
}

absl::StatusOr<PretrainingResult> PretrainingRun::Run() {
  GUICHET_ASSIGN_OR_RETURN(heldout_, HeldOutBatches(inputs_.corpus, plan_));
  GUICHET_RETURN_IF_ERROR(Resume());
  while (!Done()) {
    GUICHET_RETURN_IF_ERROR(Update());
    if (state_.updates % plan_.heldout_every == 0) GUICHET_RETURN_IF_ERROR(Measure());
    GUICHET_RETURN_IF_ERROR(CheckpointIfDue());
  }
  if (state_.epoch_updates > 0 || state_.history.empty()) GUICHET_RETURN_IF_ERROR(Measure());
  GUICHET_RETURN_IF_ERROR(WriteCheckpoint());
  PretrainingResult result{.updates = state_.updates,
                           .epoch = state_.epoch,
                           .tokens = state_.tokens,
                           .seconds = RunSeconds(),
                           .tokens_per_second = Rate(state_.tokens, state_.training_seconds),
                           .complete = inputs_.schedule_by_time || state_.updates >= plan_.updates,
                           .device = std::string(session_->device())};
  std::ranges::transform(state_.history, std::back_inserter(result.curve), ToPoint);
  GUICHET_ASSIGN_OR_RETURN(result.weights, session_->Export());
  return result;
}

}  // namespace

absl::StatusOr<PretrainingResult> Pretrain(const PretrainingInputs& inputs,
                                           const PretrainingObserver& observer,
                                           const CheckpointOptions& checkpoints,
                                           const Clock& clock) {
  GUICHET_RETURN_IF_ERROR(inputs.plan.Validate());
  const int longest = inputs.plan.learning.max_tokens;
  if (longest > inputs.config.max_position_embeddings) {
    return absl::InvalidArgumentError(
        fmt::format("max_tokens is {} and the model has {} positions; lower the one or raise "
                    "max_position_embeddings",
                    longest, inputs.config.max_position_embeddings));
  }
  if (inputs.schedule_by_time && !inputs.time_limit) {
    return absl::InvalidArgumentError(
        "the learning rate is to follow the time, which has no limit; give one");
  }
  GUICHET_ASSIGN_OR_RETURN(
      auto session, SequenceSession::Create(inputs.config, inputs.base, inputs.plan.learning));
  return PretrainingRun(inputs, observer, checkpoints, clock, std::move(session)).Run();
}

}  // namespace guichet
