#include "model/training/trainer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status_macros.h"
#include "model/evaluation/calibration.h"
#include "model/network/owned_tensors.h"
#include "model/training/class_balance.h"
#include "model/training/early_stopping.h"
#include "model/training/training_session.h"

namespace guichet {
namespace {

using Seconds = std::chrono::duration<double>;

// Streams of random numbers drawn from the plan's seed, apart from the session's.
constexpr std::uint64_t kOrderStream = 0x6f72646572ULL;
constexpr std::uint64_t kTokenStream = 0x746f6b656eULL;

struct Datasets {
  TrainingData training;
  TrainingData validation;
};

// What the frozen body makes of every example, when only the head learns: [rows][d_model].
struct Features {
  std::vector<float> training;
  std::vector<float> validation;
};

// The run itself: owns the session and what has been learnt so far.
class TrainingRun {
 public:
  struct Inputs {
    const TrainingPlan& plan;
    const BartConfig& config;
    const Datasets& data;
    const TrainingObserver& observer;
    const Clock& clock;
  };
  TrainingRun(const Inputs& inputs, std::unique_ptr<TrainingSession> session, int total_steps)
      : plan_(inputs.plan),
        config_(inputs.config),
        data_(inputs.data),
        observer_(inputs.observer),
        clock_(inputs.clock),
        session_(std::move(session)),
        total_steps_(total_steps),
        start_(inputs.clock.Now()),
        random_(MixBits(inputs.plan.seed ^ kTokenStream)),
        stopping_(inputs.plan.patience, inputs.plan.min_delta) {}

  absl::StatusOr<TrainingResult> Run();

 private:
  absl::Status ComputeFeatures(const TrainingData& data, std::vector<float>& features);
  TrainingBatch MakeBatch(std::span<const std::size_t> rows);
  absl::Status RunEpoch(EpochRecord& record);
  absl::Status RunUpdate(std::span<const TrainingBatch> micro, EpochRecord& record);
  absl::StatusOr<std::vector<double>> ValidationLogits();
  absl::Status Judge(EpochRecord& record);
  absl::Status Finish();
  void Report(const StepResult& step, const EpochRecord& record);
  double Elapsed(SteadyTime since) const { return Seconds(clock_.Now() - since).count(); }

  const TrainingPlan& plan_;
  const BartConfig& config_;
  const Datasets& data_;
  const TrainingObserver& observer_;
  const Clock& clock_;
  const std::unique_ptr<TrainingSession> session_;
  const int total_steps_;
  const SteadyTime start_;

  Random random_;
  EarlyStopping stopping_;
  Features features_;
  TrainingResult result_;
  std::vector<double> best_logits_;
  SteadyTime epoch_start_;
  std::int64_t epoch_tokens_ = 0;
  int epoch_updates_ = 0;
  double training_seconds_ = 0;
};

// The rows' features out of a table of them.
std::vector<float> Select(const std::vector<float>& table, std::span<const std::size_t> rows,
                          std::size_t width) {
  std::vector<float> selected;
  selected.reserve(rows.size() * width);
  for (const std::size_t row : rows) {
    const auto start = table.begin() + static_cast<std::ptrdiff_t>(row * width);
    selected.insert(selected.end(), start, start + static_cast<std::ptrdiff_t>(width));
  }
  return selected;
}

absl::Status TrainingRun::ComputeFeatures(const TrainingData& data, std::vector<float>& features) {
  const auto width = static_cast<std::size_t>(config_.d_model);
  features.resize(data.size() * width);
  for (const auto& rows : data.ByLength(plan_.batch_size)) {
    if (observer_.cancelled && observer_.cancelled()) {
      return absl::CancelledError("training was cancelled before its first update");
    }
    GUICHET_ASSIGN_OR_RETURN(const std::vector<float> pooled,
                             session_->Pooled(data.Batch(rows).tokens));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(pooled.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                  features.begin() + static_cast<std::ptrdiff_t>(rows[i] * width));
    }
  }
  return absl::OkStatus();
}

TrainingBatch TrainingRun::MakeBatch(std::span<const std::size_t> rows) {
  TrainingBatch batch = data_.training.Batch(rows, plan_.token_dropout, random_);
  if (!features_.training.empty()) {
    batch.pooled = Select(features_.training, rows, static_cast<std::size_t>(config_.d_model));
  }
  return batch;
}

void TrainingRun::Report(const StepResult& step, const EpochRecord& record) {
  if (!observer_.on_step) return;
  TrainingProgress progress{.epoch = record.epoch,
                            .epochs = plan_.epochs,
                            .step = result_.updates,
                            .total_steps = total_steps_,
                            .loss = step.loss,
                            .running_loss = record.training_loss / epoch_updates_,
                            .learning_rate = step.learning_rate,
                            .gradient_norm = step.gradient_norm};
  const double seconds = Elapsed(epoch_start_);
  progress.tokens_per_second = seconds > 0 ? static_cast<double>(epoch_tokens_) / seconds : 0.0;
  progress.elapsed = Seconds(Elapsed(start_));
  progress.remaining =
      progress.elapsed * (static_cast<double>(total_steps_ - progress.step) / progress.step);
  observer_.on_step(progress);
}

absl::Status TrainingRun::RunUpdate(std::span<const TrainingBatch> micro, EpochRecord& record) {
  if (observer_.cancelled && observer_.cancelled()) {
    return absl::CancelledError(fmt::format("training was cancelled after {} of {} updates",
                                            result_.updates, total_steps_));
  }
  GUICHET_ASSIGN_OR_RETURN(const StepResult step, session_->Step(micro));
  ++result_.updates;
  ++epoch_updates_;
  record.training_loss += step.loss;
  for (const TrainingBatch& batch : micro) {
    epoch_tokens_ += std::ranges::count(batch.tokens.mask, std::uint8_t{1});
  }
  Report(step, record);
  return absl::OkStatus();
}

absl::Status TrainingRun::RunEpoch(EpochRecord& record) {
  epoch_start_ = clock_.Now();
  epoch_tokens_ = 0;
  epoch_updates_ = 0;
  const std::uint64_t seed =
      MixBits(plan_.seed ^ kOrderStream) + static_cast<std::uint64_t>(record.epoch);
  GUICHET_ASSIGN_OR_RETURN(
      const auto batches,
      data_.training.Shuffled({.batch_size = plan_.batch_size, .seed = MixBits(seed)}));
  std::vector<TrainingBatch> micro;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    micro.push_back(MakeBatch(batches[i]));
    if (static_cast<int>(micro.size()) < plan_.accumulate && i + 1 < batches.size()) continue;
    GUICHET_RETURN_IF_ERROR(RunUpdate(micro, record));
    micro.clear();
  }
  const double seconds = Elapsed(epoch_start_);
  training_seconds_ += seconds;
  result_.tokens += epoch_tokens_;
  record.training_loss /= std::max(1, epoch_updates_);
  record.tokens_per_second = seconds > 0 ? static_cast<double>(epoch_tokens_) / seconds : 0.0;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> TrainingRun::ValidationLogits() {
  const auto labels = static_cast<std::size_t>(config_.num_labels());
  std::vector<double> logits(data_.validation.size() * labels);
  for (const auto& rows : data_.validation.ByLength(plan_.batch_size)) {
    TrainingBatch batch = data_.validation.Batch(rows);
    if (!features_.validation.empty()) {
      batch.pooled = Select(features_.validation, rows, static_cast<std::size_t>(config_.d_model));
    }
    GUICHET_ASSIGN_OR_RETURN(const std::vector<float> values, session_->Logits(batch));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * labels), labels,
                  logits.begin() + static_cast<std::ptrdiff_t>(rows[i] * labels));
    }
  }
  return logits;
}

// Validates an epoch and keeps its weights when it is the best so far.
absl::Status TrainingRun::Judge(EpochRecord& record) {
  record.best = true;  // without validation the last epoch is taken
  std::vector<double> logits;
  if (data_.validation.size() > 0) {
    GUICHET_ASSIGN_OR_RETURN(logits, ValidationLogits());
    const LogitTable table{logits, config_.num_labels()};
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
  result_.best_epoch = record.epoch;
  best_logits_ = std::move(logits);
  GUICHET_ASSIGN_OR_RETURN(result_.weights, session_->Export());
  return absl::OkStatus();
}

absl::Status TrainingRun::Finish() {
  if (!best_logits_.empty()) {
    const LogitTable table{best_logits_, config_.num_labels()};
    GUICHET_ASSIGN_OR_RETURN(result_.temperature, FitTemperature(table, data_.validation.labels()));
    ReportOptions options;
    options.temperature = result_.temperature;
    GUICHET_ASSIGN_OR_RETURN(
        result_.validation,
        ReportLogits(config_.labels, data_.validation.labels(), table, options));
  }
  GUICHET_ASSIGN_OR_RETURN(result_.weights_sha256, HashWeights(result_.weights.tensors));
  result_.truncated_examples = data_.training.truncated() + data_.validation.truncated();
  result_.seconds = Elapsed(start_);
  result_.tokens_per_second =
      training_seconds_ > 0 ? static_cast<double>(result_.tokens) / training_seconds_ : 0.0;
  result_.device = session_->device();
  return absl::OkStatus();
}

absl::StatusOr<TrainingResult> TrainingRun::Run() {
  if (plan_.mode.kind == TrainedPart::Kind::kHead) {
    GUICHET_RETURN_IF_ERROR(ComputeFeatures(data_.training, features_.training));
    GUICHET_RETURN_IF_ERROR(ComputeFeatures(data_.validation, features_.validation));
  }
  for (int epoch = 1; epoch <= plan_.epochs && !result_.stopped_early; ++epoch) {
    EpochRecord record;
    record.epoch = epoch;
    GUICHET_RETURN_IF_ERROR(RunEpoch(record));
    GUICHET_RETURN_IF_ERROR(Judge(record));
    record.seconds = Elapsed(epoch_start_);
    result_.history.push_back(record);
    if (observer_.on_epoch) observer_.on_epoch(record);
    result_.stopped_early = stopping_.GivesUp() && epoch < plan_.epochs;
  }
  GUICHET_RETURN_IF_ERROR(Finish());
  return std::move(result_);
}

absl::StatusOr<Datasets> MakeDatasets(const TrainingPlan& plan, const BartConfig& config,
                                      std::span<const TrainingExample> training,
                                      std::span<const TrainingExample> validation) {
  if (training.empty()) {
    return absl::InvalidArgumentError("there are no training examples; give at least one");
  }
  const auto make = [&](std::string_view name,
                        std::span<const TrainingExample> examples) -> absl::StatusOr<TrainingData> {
    auto data = TrainingData::Make(examples, config, plan.max_tokens);
    if (data.ok()) return data;
    return absl::Status(data.status().code(),
                        fmt::format("{} {}", name, std::string(data.status().message())));
  };
  GUICHET_ASSIGN_OR_RETURN(TrainingData train, make("training", training));
  GUICHET_ASSIGN_OR_RETURN(TrainingData valid, make("validation", validation));
  return Datasets{std::move(train), std::move(valid)};
}

}  // namespace

absl::StatusOr<TrainingResult> Train(const TrainingPlan& plan, const BartConfig& config,
                                     const ModelWeights* base,
                                     std::span<const TrainingExample> training,
                                     std::span<const TrainingExample> validation,
                                     const TrainingObserver& observer, const Clock& clock) {
  GUICHET_RETURN_IF_ERROR(plan.Validate());
  GUICHET_ASSIGN_OR_RETURN(const Datasets data, MakeDatasets(plan, config, training, validation));
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
  GUICHET_ASSIGN_OR_RETURN(auto session, TrainingSession::Create(config, base, plan, options));
  return TrainingRun({plan, config, data, observer, clock}, std::move(session), options.total_steps)
      .Run();
}

}  // namespace guichet
