#include <array>
#include <iterator>
#include <utility>

#include "model/tracking/tracking_options.h"
#include "server/config/config_table_rows.h"
#include "server/config/config_text_checks.h"

namespace guichet::config_internal {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::string_view, 3> kPriorities = {"idle", "low", "normal"};
constexpr std::array<std::string_view, 2> kGenerationPriorities = {"idle", "normal"};

std::vector<ConfigField> TrainingFields() {
  return {
      Text({"training", "folder",
            "Where jobs, versions and uploaded data sets are kept; made where it is missing. One "
            "server uses it at a time. Empty: this server trains nothing and remembers no "
            "versions."},
           &ServerConfig::training, &TrainingOptions::folder, "a folder or empty"),
      Text({"training", "dataset_roots",
            "Folders of this machine, separated by ':', whose files callers may name as data sets "
            "or base models. Empty: uploads only."},
           &ServerConfig::training, &TrainingOptions::dataset_roots, "folders or empty"),
      Text({"training", "trainer",
            "The program that trains, in a process of its own. Empty: guichet-trainer beside this "
            "program."},
           &ServerConfig::training, &TrainingOptions::trainer, "a program or empty"),
      Choice({"training", "priority",
              "Of the training process. idle: it computes while the service has nothing to do; "
              "low: nice 19; normal: as the service."},
             &ServerConfig::training, &TrainingOptions::priority, kPriorities),
      Text({"training", "track",
            "Where each job's run is written down besides: Weights & Biases' offline folders, "
            "TensorBoard's event files, an MLflow server. Variables of the environment such as "
            "WANDB_PROJECT and MLFLOW_TRACKING_TOKEN reach the training process. Empty: nowhere."},
           &ServerConfig::training, &TrainingOptions::track, std::string(kTrackForm) + ", or empty",
           CheckTrackers),
      Value({"training", "threads",
             "CPU threads of a job whose plan does not name a number. 0: all cores."},
            &ServerConfig::training, &TrainingOptions::threads, {0, 1'024}),
      Value({"training", "max_queued_jobs",
             "Jobs that may wait while one runs; more are refused with RESOURCE_EXHAUSTED."},
            &ServerConfig::training, &TrainingOptions::max_queued_jobs, {1, 1'000}),
      Size({"training", "max_dataset_size", "Bytes of one uploaded data set."},
           &ServerConfig::training, &TrainingOptions::max_dataset_size,
           {kMiB, std::size_t{1} << 40}),
      Size({"training", "max_datasets_size",
            "Bytes of all uploaded data sets together. The oldest that no waiting job needs make "
            "room for new ones."},
           &ServerConfig::training, &TrainingOptions::max_datasets_size,
           {kMiB, std::size_t{1} << 42}),
      Value({"training", "upload_idle_timeout",
             "How long an upload may send nothing; then it is ended and what came is kept."},
            &ServerConfig::training, &TrainingOptions::upload_idle_timeout,
            {milliseconds(100), kHour}),
      Value({"training", "checkpoint_interval",
             "How often a job writes down where it is: what a crash costs at most."},
            &ServerConfig::training, &TrainingOptions::checkpoint_interval,
            {milliseconds(0), kDay}),
      Value({"training", "max_crashes",
             "A job whose process dies this often without getting any further has failed."},
            &ServerConfig::training, &TrainingOptions::max_crashes, {1, 1'000}),
      Value({"training", "keep_versions",
             "Versions of jobs that are kept, newest first. Pinned ones, the one in service and "
             "the one before it stay beyond that."},
            &ServerConfig::training, &TrainingOptions::keep_versions, {1, 10'000}),
  };
}

std::vector<ConfigField> FeedbackFields() {
  return {
      Value({"feedback", "max_corrections",
             "Corrections that are kept; what a later one of its ticket superseded makes room "
             "first, then more are refused with RESOURCE_EXHAUSTED."},
            &ServerConfig::feedback, &FeedbackOptions::max_corrections, {1, 10'000'000}),
      Value({"feedback", "max_predictions",
             "Recent uncertain answers in the review queue, of tickets with an id; the oldest make "
             "room. 0: none are kept."},
            &ServerConfig::feedback, &FeedbackOptions::max_predictions, {0, 200'000}),
      Switch({"feedback", "keep_texts",
              "Whether the review queue holds the tickets' texts too, so that a correction without "
              "one can train. They may hold personal data."},
             &ServerConfig::feedback, &FeedbackOptions::keep_texts),
      Value({"feedback", "accuracy_window",
             "How far back feedback counts for the metric guichet_feedback_accuracy_ratio."},
            &ServerConfig::feedback, &FeedbackOptions::accuracy_window,
            {milliseconds(60'000), 366 * kDay}),
      Value({"feedback", "drift_window",
             "Over which guichet_label_drift_psi compares the labels answered with those trained "
             "on."},
            &ServerConfig::feedback, &FeedbackOptions::drift_window,
            {milliseconds(60'000), 31 * kDay}),
  };
}

std::vector<ConfigField> GenerationFields() {
  return {
      Text({"generation", "model",
            "A folder with an encoder-decoder model as Hugging Face stores it (BARThez), or the "
            "name "
            "of one that `guichet pull` fetched. Empty: this server generates nothing."},
           &ServerConfig::generation, &GenerationServiceOptions::model,
           "a folder, a name or empty"),
      Text({"generation", "device",
            "Where it runs: auto (cuda when there is one), cpu, cuda, cuda:N."},
           &ServerConfig::generation, &GenerationServiceOptions::device, "a device", CheckDevice,
           false),
      Value({"generation", "threads",
             "CPU threads of one generation. Texts are generated one after the other."},
            &ServerConfig::generation, &GenerationServiceOptions::threads, {1, 256}),
      Choice({"generation", "priority",
              "Of its thread. idle: it computes while nothing else wants the processor; normal: as "
              "classification."},
             &ServerConfig::generation, &GenerationServiceOptions::priority, kGenerationPriorities),
      Value({"generation", "max_queued_calls",
             "Calls that may wait while one is at work; more are refused with RESOURCE_EXHAUSTED."},
            &ServerConfig::generation, &GenerationServiceOptions::max_queued_calls, {1, 10'000}),
      Value({"generation", "max_length", "Tokens that a call may ask for, start and end included."},
            &ServerConfig::generation, &GenerationServiceOptions::max_length, {2, 4'096}),
      Value({"generation", "max_beams",
             "Sequences under way that a call may ask for: beams, or sequences returned."},
            &ServerConfig::generation, &GenerationServiceOptions::max_beams, {1, 64}),
  };
}

}  // namespace

std::vector<ConfigField> OperationsFields() {
  std::vector<ConfigField> all;
  for (std::vector<ConfigField> fields : {TrainingFields(), FeedbackFields(), GenerationFields()}) {
    std::move(fields.begin(), fields.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace guichet::config_internal
