#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/progress_bar.h"
#include "client/cli/training_input.h"
#include "model/bundle/model_bundle.h"
#include "model/training/scratch_config.h"
#include "model/training/trainer.h"
#include "model/training/training_plan.h"

namespace guichet {
namespace {

absl::StatusOr<TrainingPlan> MakePlan(const TrainOptions& options) {
  TrainingPlan plan = options.scratch.empty() ? TrainingPlan() : SmallModelPlan();
  if (!options.plan.empty()) {
    GUICHET_ASSIGN_OR_RETURN(plan, ReadTrainingPlan(options.plan, plan));
  }
  if (options.mode) {
    GUICHET_ASSIGN_OR_RETURN(plan.mode, ParseTrainedPart(*options.mode));
  }
  plan.epochs = options.epochs.value_or(plan.epochs);
  plan.batch_size = options.batch_size.value_or(plan.batch_size);
  plan.learning_rate = options.learning_rate.value_or(plan.learning_rate);
  plan.max_tokens = options.max_tokens.value_or(plan.max_tokens);
  plan.patience = options.patience.value_or(plan.patience);
  plan.seed = options.seed.value_or(plan.seed);
  plan.threads = options.threads.value_or(plan.threads);
  plan.device = options.device.value_or(plan.device);
  GUICHET_RETURN_IF_ERROR(plan.Validate());
  return plan;
}

TrainingObserver ShowProgress(ProgressBar& bar) {
  TrainingObserver observer;
  observer.cancelled = Interrupted;
  observer.on_step = [&bar](const TrainingProgress& progress) {
    bar.Show(progress.step, progress.total_steps,
             fmt::format("epoch {}/{}  loss {:.3f}  {:.0f} tokens/s  {} left", progress.epoch,
                         progress.epochs, progress.running_loss, progress.tokens_per_second,
                         ShowDuration(progress.remaining)));
  };
  observer.on_epoch = [&bar](const EpochRecord& epoch) {
    bar.Line(fmt::format(
        "epoch {:2}  loss {:.3f}  validation: accuracy {:.3f}, macro-F1 {:.3f}  {}{}", epoch.epoch,
        epoch.training_loss, epoch.accuracy.value_or(0), epoch.macro_f1.value_or(0),
        ShowDuration(std::chrono::duration<double>(epoch.seconds)),
        epoch.best ? "  best so far" : ""));
  };
  return observer;
}

OrderedJson Summary(const TrainingResult& result) {
  return {{"accuracy", result.validation->accuracy},
          {"macro_f1", result.validation->macro.f1},
          {"seconds", result.seconds},
          {"tokens_per_second", result.tokens_per_second},
          {"epochs", result.history.size()},
          {"best_epoch", result.best_epoch},
          {"temperature", result.temperature},
          {"stopped_early", result.stopped_early},
          {"weights_sha256", result.weights_sha256}};
}

std::string ReportJson(const TrainingResult& result) {
  OrderedJson report = {{"validation", OrderedJson::parse(ToJson(*result.validation))},
                        {"history", OrderedJson::array()}};
  for (const EpochRecord& epoch : result.history) {
    report["history"].push_back({{"epoch", epoch.epoch},
                                 {"training_loss", epoch.training_loss},
                                 {"validation_loss", epoch.validation_loss.value_or(0)},
                                 {"accuracy", epoch.accuracy.value_or(0)},
                                 {"macro_f1", epoch.macro_f1.value_or(0)},
                                 {"seconds", epoch.seconds},
                                 {"best", epoch.best}});
  }
  return report.dump(1);
}

absl::Status WriteTrainedBundle(const TrainOptions& options, const TrainingPlan& plan,
                                const TicketSets& sets, const TrainingBase& base,
                                const TrainingResult& result) {
  BundleContents contents;
  contents.config = base.config;
  contents.weights = result.weights.tensors;
  contents.tokenizer = base.tokenizer.get();
  contents.report_json = ReportJson(result);
  BundleManifest& manifest = contents.manifest;
  manifest.name = options.name.empty()
                      ? std::filesystem::weakly_canonical(options.out).filename().string()
                      : options.name;
  manifest.base_model = base.name;
  manifest.head = base.config.head();
  manifest.pooling = base.config.pooling.value_or(Pooling::kMean);
  manifest.labels = base.config.labels;
  manifest.tokenizer_kind = std::string(base.tokenizer->kind());
  manifest.max_tokens = std::min(plan.max_tokens, base.config.max_position_embeddings);
  manifest.temperature = result.temperature;
  manifest.thresholds.assign(manifest.labels.size(), 0.0);
  manifest.metrics_json = Summary(result).dump();
  manifest.provenance_json = OrderedJson{
      {"training_rows", sets.training.tickets.size()},
      {"training_sha256", sets.training.sha256},
      {"validation_rows", sets.validation.tickets.size()},
      {"validation_sha256", sets.validation.sha256},
      {"plan", ToYaml(plan)},
      {"device", result.device},
      {"guichet",
       GUICHET_VERSION}}.dump();
  return WriteBundle(contents, options.out);
}

absl::Status RunTraining(const TrainOptions& options) {
  if (std::filesystem::exists(options.out)) {
    return absl::AlreadyExistsError(options.out + " exists; choose another --out or remove it");
  }
  GUICHET_ASSIGN_OR_RETURN(const TrainingPlan plan, MakePlan(options));
  GUICHET_ASSIGN_OR_RETURN(const TicketSets sets, ReadTicketSets(options, plan.seed));
  GUICHET_ASSIGN_OR_RETURN(const auto labels, LabelsOf(sets));
  GUICHET_ASSIGN_OR_RETURN(const TrainingBase base, OpenTrainingBase(options, labels));
  const int max_tokens = std::min(plan.max_tokens, base.config.max_position_embeddings);
  GUICHET_ASSIGN_OR_RETURN(const auto training, MakeExamples(sets.training.tickets, *base.tokenizer,
                                                             base.config.labels, max_tokens));
  GUICHET_ASSIGN_OR_RETURN(
      const auto validation,
      MakeExamples(sets.validation.tickets, *base.tokenizer, base.config.labels, max_tokens));
  ProgressBar bar(options.quiet);
  bar.Line(fmt::format("{} training and {} validation tickets, {} labels", training.size(),
                       validation.size(), labels.size()));
  GUICHET_ASSIGN_OR_RETURN(const TrainingResult result,
                           Train({.plan = plan,
                                  .config = base.config,
                                  .base = base.weights ? &*base.weights : nullptr,
                                  .training = training,
                                  .validation = validation},
                                 ShowProgress(bar)));
  GUICHET_RETURN_IF_ERROR(WriteTrainedBundle(options, plan, sets, base, result));
  return WriteJsonLine(Summary(result));
}

}  // namespace

int TrainBundle(const TrainOptions& options) {
  const absl::Status status = RunTraining(options);
  return status.ok() ? int{kExitOk} : Fail(status);
}

}  // namespace guichet
