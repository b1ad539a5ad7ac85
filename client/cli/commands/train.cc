#include <cstdio>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/progress_bar.h"
#include "model/finetuning/base_model.h"
#include "model/finetuning/candidate_report.h"
#include "model/finetuning/ticket_sets.h"
#include "model/finetuning/track_training.h"
#include "model/finetuning/train_on_tickets.h"
#include "model/finetuning/trained_bundle.h"
#include "model/hub/model_folder.h"
#include "model/training/scratch_config.h"
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
  if (options.clean) {
    GUICHET_ASSIGN_OR_RETURN(plan.clean, ParseTextCleaning(*options.clean));
  }
  plan.epochs = options.epochs.value_or(plan.epochs);
  plan.batch_size = options.batch_size.value_or(plan.batch_size);
  plan.learning_rate = options.learning_rate.value_or(plan.learning_rate);
  plan.max_tokens = options.max_tokens.value_or(plan.max_tokens);
  plan.patience = options.patience.value_or(plan.patience);
  plan.promised_precision = options.promised_precision.value_or(plan.promised_precision);
  plan.seed = options.seed.value_or(plan.seed);
  plan.threads = options.threads.value_or(plan.threads);
  plan.device = options.device.value_or(plan.device);
  GUICHET_RETURN_IF_ERROR(plan.Validate());
  return plan;
}

TrainingObserver ShowProgress(ProgressBar& bar) {
  TrainingObserver observer;
  observer.cancelled = Interrupted;
  observer.on_memory = [&bar](const MemoryNotice& notice) { bar.Line(notice.Words()); };
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

absl::StatusOr<std::vector<Ticket>> ReadTickets(const InputOptions& input) {
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/false));
  return ReadLabelledTickets(*reader, input.file);
}

// Reads --data and --valid, or splits --data.
absl::StatusOr<TicketSets> ReadTicketSets(const TrainOptions& options, std::uint64_t seed) {
  GUICHET_ASSIGN_OR_RETURN(std::vector<Ticket> tickets, ReadTickets(options.input));
  if (options.validation.empty()) {
    return SplitForTraining(std::move(tickets), options.validation_share, seed);
  }
  InputOptions input = options.input;
  input.file = options.validation;
  TicketSets sets;
  sets.training = std::move(tickets);
  GUICHET_ASSIGN_OR_RETURN(sets.validation, ReadTickets(input));
  return sets;
}

absl::StatusOr<BaseModel> OpenBase(const TrainOptions& options, const TrainingPlan& plan,
                                   const std::vector<std::string>& labels) {
  const HeadOptions head{.kind = options.head, .pooling = options.pooling};
  if (options.scratch.empty()) {
    GUICHET_ASSIGN_OR_RETURN(const ModelFolder folder, ResolveModelFolder(options.base));
    GUICHET_ASSIGN_OR_RETURN(BaseModel base, OpenBaseModel(folder.path, head, labels, plan.clean));
    if (!folder.pulled.empty()) base.name = folder.pulled;  // its folder is named by a commit
    return base;
  }
  GUICHET_ASSIGN_OR_RETURN(const ModelFolder tokenizer, ResolveModelFolder(options.tokenizer));
  return NewBaseModel(options.scratch, tokenizer.path.string(), head, labels, plan.clean);
}

std::string NameOf(const TrainOptions& options) {
  if (!options.name.empty()) return options.name;
  return std::filesystem::weakly_canonical(options.out).filename().string();
}

struct Lesson {
  const TrainingPlan& plan;
  const TicketSets& sets;
  const BaseModel& base;
};

// With the bar gone at its end, so that what is said next stands on a line of its own.
absl::StatusOr<TrainingResult> TrainShowing(const Lesson& lesson, bool quiet,
                                            TrainingTracker& tracker) {
  ProgressBar bar(quiet);
  bar.Line(fmt::format("{} training and {} validation tickets, {} labels",
                       lesson.sets.training.size(), lesson.sets.validation.size(),
                       lesson.base.config.labels.size()));
  return TrainOnTickets(lesson.plan, lesson.sets, lesson.base, tracker.Observe(ShowProgress(bar)));
}

absl::Status WriteReported(const TrainedModel& model, const std::string& folder) {
  GUICHET_ASSIGN_OR_RETURN(const EvaluationReport report, ReportOnRun(model, /*holdout=*/nullptr));
  return WriteTrainedBundle(model, report, folder);
}

absl::Status RunTraining(const TrainOptions& options) {
  if (std::filesystem::exists(options.out)) {
    return absl::AlreadyExistsError(options.out + " exists; choose another --out or remove it");
  }
  GUICHET_ASSIGN_OR_RETURN(const TrainingPlan plan, MakePlan(options));
  GUICHET_ASSIGN_OR_RETURN(const TicketSets sets, ReadTicketSets(options, plan.seed));
  GUICHET_ASSIGN_OR_RETURN(const auto labels, LabelsOf(sets));
  GUICHET_ASSIGN_OR_RETURN(const BaseModel base, OpenBase(options, plan, labels));
  const std::string name = NameOf(options);
  GUICHET_ASSIGN_OR_RETURN(const auto places, ParseTrackers(options.track));
  GUICHET_ASSIGN_OR_RETURN(const auto tracker,
                           TrainingTracker::Start(places, {name, plan, sets, base}));
  const absl::StatusOr<TrainingResult> result =
      TrainShowing({plan, sets, base}, options.quiet, *tracker);
  absl::Status status = result.status();
  if (status.ok()) {
    status = WriteReported({name, plan, sets, base, *result}, options.out);
  }
  for (const auto& line : tracker->Finish(status, result.ok() ? &*result : nullptr)) {
    std::fprintf(stderr, "guichet: warning: %s\n", line.c_str());
  }
  GUICHET_RETURN_IF_ERROR(status);
  if (!options.quiet) {
    const auto report = std::filesystem::path(options.out) / "report.html";
    std::fprintf(stderr, "the report for people is %s\n", report.c_str());
  }
  return WriteJsonLine(OrderedJson::parse(SummaryJson(*result)));
}

}  // namespace

int TrainBundle(const TrainOptions& options) {
  const absl::Status status = RunTraining(options);
  return status.ok() ? int{kExitOk} : Fail(status);
}

}  // namespace guichet
