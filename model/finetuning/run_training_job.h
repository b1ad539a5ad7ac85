#pragma once

#include <filesystem>
#include <functional>

#include "model/finetuning/training_job.h"
#include "model/training/process_group.h"

namespace guichet {

// Does what a job folder asks for: reads and splits the tickets, trains, judges the candidate
// against the model in service on held-out rows (which a model trained elsewhere, without this
// hold-out, may have seen), writes the candidate with its report as a bundle, and last
// outcome.json. Called again
// after a crash it goes on from the last checkpoint to the same weights. An outcome that is there
// already is returned. `suspend` is asked between updates: true ends with ABORTED, nothing decided.
// A failure of the job is an outcome with its status; an error is what kept an outcome from being
// written. With `peers` several processes, given the same folder, share the work, and process 0
// alone writes; the others' outcomes say nothing. UNAVAILABLE: one of them is gone, nothing is
// decided.
absl::StatusOr<TrainingOutcome> RunTrainingJob(const std::filesystem::path& folder,
                                               const std::function<bool()>& suspend,
                                               ProcessGroup* peers = nullptr);

}  // namespace guichet
