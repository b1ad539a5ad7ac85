#include <cstdio>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <malloc.h>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/progress_bar.h"
#include "model/hub/model_folder.h"
#include "model/pretraining/run_pretraining.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using Seconds = std::chrono::duration<double>;

absl::Status FillPlan(const PretrainOptions& options, PretrainingPlan& plan) {
  if (!options.plan.empty()) {
    GUICHET_ASSIGN_OR_RETURN(plan, ReadPretrainingPlan(options.plan));
  }
  plan.updates = options.updates.value_or(plan.updates);
  plan.batch_tokens = options.batch_tokens.value_or(plan.batch_tokens);
  plan.vocabulary_size = options.vocabulary_size.value_or(plan.vocabulary_size);
  TrainingPlan& learning = plan.learning;
  learning.max_tokens = options.max_tokens.value_or(learning.max_tokens);
  learning.learning_rate = options.learning_rate.value_or(learning.learning_rate);
  learning.seed = options.seed.value_or(learning.seed);
  learning.threads = options.threads.value_or(learning.threads);
  learning.device = options.device.value_or(learning.device);
  if (options.precision) {
    GUICHET_ASSIGN_OR_RETURN(learning.precision, ParsePrecision(*options.precision));
  }
  return plan.Validate();
}

absl::StatusOr<PretrainingJob> MakeJob(const PretrainOptions& options) {
  PretrainingJob job;
  GUICHET_RETURN_IF_ERROR(FillPlan(options, job.plan));
  job.corpus.assign(options.corpus.begin(), options.corpus.end());
  job.scratch = options.scratch;
  job.out = options.out;
  job.state = options.state;
  if (!options.base.empty()) {
    GUICHET_ASSIGN_OR_RETURN(const ModelFolder folder, ResolveModelFolder(options.base));
    job.base = folder.path;
  }
  if (!options.tokenizer.empty()) {
    GUICHET_ASSIGN_OR_RETURN(const ModelFolder folder, ResolveModelFolder(options.tokenizer));
    job.tokenizer = folder.path;
  }
  if (job.state.empty()) {
    job.state = fs::absolute(job.out).lexically_normal();
    if (!job.state.has_filename()) job.state = job.state.parent_path();  // "out/"
    job.state += ".state";
  }
  if (options.save_dtype == "bf16") job.saved_type = SavedType::kBf16;
  if (options.minutes) job.time_limit = Seconds(60.0 * *options.minutes);
  job.schedule_by_time = options.schedule_by_time;
  job.checkpoint_interval =
      std::chrono::duration_cast<std::chrono::milliseconds>(Seconds(options.checkpoint_seconds));
  return job;
}

PretrainingJobObserver ShowProgress(ProgressBar& bar) {
  PretrainingJobObserver observer;
  observer.interrupted = Interrupted;
  observer.on_line = [&bar](const std::string& line) { bar.Line(line); };
  observer.on_step = [&bar](const TrainingProgress& progress) {
    bar.Show(progress.step, progress.total_steps,
             fmt::format("loss {:.3f}  {:.0f} tokens/s  {} left", progress.running_loss,
                         progress.tokens_per_second, ShowDuration(progress.remaining)));
  };
  return observer;
}

// With the bar gone at its end, so that what is said next stands on a line of its own.
absl::StatusOr<PretrainingOutcome> RunShowing(const PretrainingJob& job, bool quiet) {
  ProgressBar bar(quiet);
  return RunPretraining(job, ShowProgress(bar));
}

OrderedJson Summary(const PretrainingOutcome& outcome) {
  const PretrainingResult& result = outcome.result;
  const LossPoint& last = result.curve.back();
  return {{"loss", last.loss},
          {"heldout_loss", last.heldout_loss ? OrderedJson(*last.heldout_loss) : OrderedJson()},
          {"seconds", result.seconds},
          {"tokens_per_second", result.tokens_per_second},
          {"updates", result.updates},
          {"tokens", result.tokens},
          {"complete", result.complete},
          {"weights_sha256", outcome.weights_sha256}};
}

// What a step's tensors took is kept for the next one's rather than given back to the system, whose
// fresh pages were an eighth of a small model's update.
void KeepMemory() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest there is
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  ::mallopt(M_TOP_PAD, 64 << 20);
}

absl::Status Run(const PretrainOptions& options) {
  KeepMemory();
  GUICHET_ASSIGN_OR_RETURN(const PretrainingJob job, MakeJob(options));
  const absl::StatusOr<PretrainingOutcome> outcome = RunShowing(job, options.quiet);
  const bool stopped = absl::IsAborted(outcome.status()) || absl::IsCancelled(outcome.status());
  if (Interrupted() && stopped) {
    std::fprintf(stderr, "guichet: interrupted; the same command goes on from %s\n",
                 job.state.c_str());
    EndInterrupted();
  }
  GUICHET_RETURN_IF_ERROR(outcome.status());
  if (options.state.empty() && outcome->result.complete) {
    std::error_code ignored;
    fs::remove_all(job.state, ignored);
  }
  return WriteJsonLine(Summary(*outcome));
}

}  // namespace

int PretrainModel(const PretrainOptions& options) {
  const absl::Status status = Run(options);
  return status.ok() ? int{kExitOk} : Fail(status);
}

}  // namespace guichet
