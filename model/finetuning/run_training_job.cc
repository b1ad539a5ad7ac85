#include "model/finetuning/run_training_job.h"

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "model/data/dataset_form.h"
#include "model/finetuning/base_model.h"
#include "model/finetuning/candidate_report.h"
#include "model/finetuning/compare_models.h"
#include "model/finetuning/feedback_tickets.h"
#include "model/finetuning/ticket_sets.h"
#include "model/finetuning/track_training.h"
#include "model/finetuning/train_on_tickets.h"
#include "model/finetuning/trained_bundle.h"
#include "model/inference/text_classifier.h"
#include "model/tracking/tracked_json.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// Progress lines are at least this far apart, but for the ends of epochs.
constexpr std::chrono::milliseconds kProgressInterval(250);
// Who the run is for its trackers, over all processes of the job.
constexpr const char* kTrackingFile = "tracking.json";

// Tickets of one job, divided, and the hold-out they leave.
struct JobData {
  TicketSets sets;
  HoldoutKeys holdout;
  std::optional<FeedbackMerge> feedback;  // of a job that includes it
};

std::string DescribeSets(const TicketSets& sets, std::size_t labels) {
  std::string text =
      fmt::format("{} training, {} validation and {} held-out tickets, {} labels",
                  sets.training.size(), sets.validation.size(), sets.holdout.size(), labels);
  if (sets.near_holdout.count == 0) return text;
  return text + fmt::format("; {} tickets left out: near-duplicates of held-out texts",
                            sets.near_holdout.count);
}

// The run's figures, with what the corrections did.
std::string SummaryOf(const TrainingResult& result, const JobData& data) {
  auto summary = nlohmann::ordered_json::parse(SummaryJson(result, data.sets.near_holdout));
  if (data.feedback.has_value()) {
    summary["feedback"] = {{"corrections", data.feedback->corrections},
                           {"added", data.feedback->added},
                           {"agreed", data.feedback->agreed},
                           {"overruled", data.feedback->overruled}};
  }
  return summary.dump();
}

class JobRun {
 public:
  // `progress` is absent in a process that does not lead.
  JobRun(const fs::path& folder, TrainingJob job, std::optional<JobProgressWriter> progress,
         const TrainingJobControl& control)
      : folder_(folder), job_(std::move(job)), progress_(std::move(progress)), control_(control) {}

  // ABORTED: suspended.
  absl::StatusOr<TrainingOutcome> Run() {
    GUICHET_ASSIGN_OR_RETURN(const TrainingPlan plan, ParseTrainingPlan(job_.plan, "plan"));
    if (progress_) RemoveLeftovers();
    Tell("read", fmt::format("reading {}", job_.dataset.filename().string()));
    GUICHET_ASSIGN_OR_RETURN(const JobData data, ReadData(plan));
    if (!job_.live.empty() && data.sets.holdout.empty()) {
      return absl::InvalidArgumentError(
          "too few tickets to hold any out to judge the candidate on; give more of each label");
    }
    GUICHET_ASSIGN_OR_RETURN(const auto labels, LabelsOf(data.sets));
    GUICHET_ASSIGN_OR_RETURN(const BaseModel base,
                             OpenBaseModel(job_.base, {}, labels, plan.clean));
    Tell("train", DescribeSets(data.sets, labels.size()));
    const auto tracker = Track(plan, data.sets, base);
    std::optional<TrainingResult> result;
    auto outcome = TrainAndJudge(plan, data, base, *tracker, result);
    std::vector<TrackedValue> verdict;
    if (outcome.ok()) verdict.push_back({"verdict", JsonText(NameOf(outcome->verdict))});
    Warn(tracker->Finish(EndOf(outcome.status()), result ? &*result : nullptr, verdict));
    return outcome;
  }

  // Last, when the outcome is on disk: what only a resumption needs goes.
  void End(const TrainingOutcome& outcome) {
    std::error_code ignored;
    fs::remove_all(folder_ / kCheckpointFolder, ignored);
    Tell("done", outcome.status.ok() ? fmt::format("verdict {}", NameOf(outcome.verdict))
                                     : outcome.status.ToString());
  }

 private:
  // Of a process that died before its outcome: the candidate, whole or half staged.
  void RemoveLeftovers() {
    std::vector<fs::path> leftovers = {folder_ / kCandidateFolder};
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
      if (entry.path().filename().string().starts_with('.')) leftovers.push_back(entry.path());
    }
    for (const fs::path& path : leftovers) fs::remove_all(path, ignored);
  }

  void Write(const JobProgress& progress) {
    if (progress_) progress_->Write(progress);
  }

  absl::StatusOr<TrainingOutcome> TrainAndJudge(const TrainingPlan& plan, const JobData& data,
                                                const BaseModel& base, TrainingTracker& tracker,
                                                std::optional<TrainingResult>& result) {
    GUICHET_ASSIGN_OR_RETURN(result,
                             TrainOnTickets(plan, data.sets, base, tracker.Observe(Observer()),
                                            {.folder = folder_ / kCheckpointFolder,
                                             .interval = job_.checkpoint_interval,
                                             .suspend = control_.suspend},
                                            control_.peers));
    if (!progress_) return TrainingOutcome{};
    const TrainedModel model{job_.model, plan, data.sets, base, *result};
    TrainingOutcome outcome;
    GUICHET_ASSIGN_OR_RETURN(const EvaluationReport report, Judge(model, outcome));
    Tell("write", "writing the candidate");
    GUICHET_RETURN_IF_ERROR(WriteTrainedBundle(model, report, folder_ / kCandidateFolder));
    GUICHET_RETURN_IF_ERROR(WriteUsedHoldoutKeys(data.holdout, folder_));
    outcome.summary_json = SummaryOf(*result, data);
    outcome.training_rows = static_cast<std::int64_t>(data.sets.training.size());
    outcome.validation_rows = static_cast<std::int64_t>(data.sets.validation.size());
    outcome.holdout_rows = static_cast<std::int64_t>(data.sets.holdout.size());
    return outcome;
  }

  // Of the process that leads. A place that cannot be tracked at is no reason to fail a job.
  std::unique_ptr<TrainingTracker> Track(const TrainingPlan& plan, const TicketSets& sets,
                                         const BaseModel& base) {
    const std::string name = job_.model + " " + job_.id;
    const TrackedTraining training{name, plan, sets, base};
    if (progress_) {
      auto tracker = TrainingTracker::Start(control_.track, training, folder_ / kTrackingFile);
      if (tracker.ok()) return *std::move(tracker);
      Warn({"the run is not tracked: " + std::string(tracker.status().message())});
    }
    return *TrainingTracker::Start({}, training);
  }

  // How the run ended for its trackers. A process that is gone leaves a run for others to go on
  // with.
  absl::Status EndOf(const absl::Status& status) const {
    const bool goes_on = control_.peers != nullptr && absl::IsUnavailable(status);
    return goes_on ? absl::AbortedError(status.message()) : status;
  }

  void Warn(const std::vector<std::string>& lines) const {
    if (!control_.warn) return;
    for (const std::string& line : lines) control_.warn(line);
  }

  void Tell(std::string stage, std::string message) {
    Write({.stage = std::move(stage), .message = std::move(message)});
  }

  absl::StatusOr<JobData> ReadData(const TrainingPlan& plan) {
    GUICHET_ASSIGN_OR_RETURN(const TicketReaderOptions options,
                             ToReaderOptions({.format = job_.format,
                                              .columns = job_.columns,
                                              .preset = job_.preset,
                                              .encoding = job_.encoding}));
    GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenTicketReader(job_.dataset, options));
    GUICHET_ASSIGN_OR_RETURN(std::vector<Ticket> tickets,
                             ReadLabelledTickets(*reader, job_.dataset.filename().string()));
    JobData data;
    if (job_.include_feedback) {
      GUICHET_ASSIGN_OR_RETURN(const auto corrections, ReadFeedbackTickets(folder_));
      const FeedbackMerge merge = MergeFeedback(corrections, tickets);
      Tell("read", fmt::format("{} corrections: {} new texts, {} as the data set says, {} of its "
                               "rows overruled",
                               merge.corrections, merge.added, merge.agreed, merge.overruled));
      data.feedback = merge;
    }
    GUICHET_ASSIGN_OR_RETURN(data.holdout, ReadHoldoutKeys(folder_, /*used=*/false));
    GUICHET_ASSIGN_OR_RETURN(data.sets, SplitWithHoldout(std::move(tickets),
                                                         {.holdout_share = job_.holdout_share,
                                                          .validation_share = job_.validation_share,
                                                          .seed = plan.seed},
                                                         data.holdout));
    return data;
  }

  TrainingObserver Observer() {
    TrainingObserver observer;
    observer.cancelled = control_.cancel;
    observer.on_memory = [this](const MemoryNotice& notice) { Tell("train", notice.Words()); };
    observer.on_step = [this](const TrainingProgress& step) {
      last_ = {.stage = "train",
               .message = {},
               .epoch = step.epoch,
               .epochs = step.epochs,
               .step = step.step,
               .total_steps = step.total_steps,
               .loss = step.running_loss,
               .learning_rate = step.learning_rate,
               .tokens_per_second = step.tokens_per_second,
               .seconds = step.elapsed.count(),
               .remaining_seconds = step.remaining.count()};
      const SteadyTime now = Clock::System().Now();
      if (now - last_told_ < kProgressInterval) return;
      last_told_ = now;
      Write(last_);
    };
    observer.on_epoch = [this](const EpochRecord& epoch) {
      JobProgress progress = last_;
      progress.stage = "train";
      progress.epoch = epoch.epoch;
      progress.message = fmt::format("epoch {} has ended", epoch.epoch);
      progress.loss = epoch.training_loss;
      progress.accuracy = epoch.accuracy;
      progress.macro_f1 = epoch.macro_f1;
      Write(progress);
    };
    return observer;
  }

  // The report, and the verdict: both models on the held-out rows, in this process.
  absl::StatusOr<EvaluationReport> Judge(const TrainedModel& model, TrainingOutcome& outcome) {
    const std::vector<Ticket>& holdout = model.sets.holdout;
    if (job_.live.empty()) outcome.verdict = GateVerdict::kPromote;  // nothing is in service
    if (holdout.empty()) return ReportOnRun(model, nullptr);
    Tell("evaluate", fmt::format("candidate{} on {} held-out tickets",
                                 job_.live.empty() ? "" : " and model in service", holdout.size()));
    const int threads = model.plan.threads;
    SetInferenceThreads(threads > 0 ? threads
                                    : static_cast<int>(std::thread::hardware_concurrency()));
    const DeviceOptions device{.device = model.plan.device, .dtype = "auto"};
    HoldoutScores scores;
    GUICHET_ASSIGN_OR_RETURN(auto candidate, LoadTrainedModel(model, device));
    GUICHET_ASSIGN_OR_RETURN(scores.candidate, ScoreTickets(std::move(candidate), holdout));
    if (!job_.live.empty()) {
      GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(job_.live));
      GUICHET_ASSIGN_OR_RETURN(auto live, LoadTextClassifier(*bundle, device));
      GUICHET_ASSIGN_OR_RETURN(scores.live, ScoreTickets(std::move(live), holdout));
      GUICHET_ASSIGN_OR_RETURN(scores.gate,
                               CompareModels(*scores.live, scores.candidate, holdout, job_.gate));
      outcome.verdict = scores.gate->verdict;
      outcome.gate_json = ToJson(*scores.gate, /*indented=*/false);
    }
    return ReportOnRun(model, &scores);
  }

  const fs::path folder_;
  const TrainingJob job_;
  std::optional<JobProgressWriter> progress_;
  const TrainingJobControl& control_;
  JobProgress last_;
  SteadyTime last_told_{};
};

// What a library throws (no memory, a folder that cannot be read) is the job's failure as well.
absl::StatusOr<TrainingOutcome> RunGuarded(JobRun& run) {
  try {
    return run.Run();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace

absl::StatusOr<TrainingOutcome> RunTrainingJob(const fs::path& folder,
                                               const TrainingJobControl& control) {
  auto ended = ReadTrainingOutcome(folder);
  if (ended.ok() || !absl::IsNotFound(ended.status())) return ended;
  GUICHET_ASSIGN_OR_RETURN(TrainingJob job, ReadTrainingJob(folder));
  ProcessGroup* const peers = control.peers;
  const bool leads = peers == nullptr || peers->rank() == 0;
  std::optional<JobProgressWriter> progress;
  if (leads) {
    GUICHET_ASSIGN_OR_RETURN(JobProgressWriter opened, JobProgressWriter::Open(folder));
    progress.emplace(std::move(opened));
  }
  JobRun run(folder, std::move(job), std::move(progress), control);
  auto outcome = RunGuarded(run);
  if (!leads || absl::IsAborted(outcome.status()) ||
      (peers != nullptr && absl::IsUnavailable(outcome.status()))) {
    return outcome;
  }
  if (!outcome.ok()) {
    TrainingOutcome failed;
    failed.status = outcome.status();
    outcome = std::move(failed);
  }
  GUICHET_RETURN_IF_ERROR(WriteTrainingOutcome(*outcome, folder));
  run.End(*outcome);
  return outcome;
}

}  // namespace guichet
