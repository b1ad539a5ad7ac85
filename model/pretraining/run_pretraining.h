#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/pretraining/pretrain.h"
#include "model/pretraining/pretrained_folder.h"

namespace guichet {

// What a whole run is asked for.
struct PretrainingJob {
  std::vector<std::filesystem::path> corpus;
  PretrainingPlan plan;
  // One of the two: a config.json whose vocab_size is set to the vocabulary's, or a folder of a
  // model and its tokenizer to go on from.
  std::filesystem::path scratch = {};
  std::filesystem::path base = {};
  // With `scratch`: a folder, or a built-in name; empty: a new one is made of the corpus.
  std::string tokenizer = {};
  std::filesystem::path out;    // must not exist
  std::filesystem::path state;  // vocabulary, tokenised corpus, checkpoints; made when absent
  SavedType saved_type = SavedType::kFp32;
  std::optional<std::chrono::duration<double>> time_limit = std::nullopt;
  bool schedule_by_time = false;
  std::chrono::milliseconds checkpoint_interval = std::chrono::minutes(2);
};

struct PretrainingJobObserver {
  // A line for people: what is done next, or what has come of it.
  std::function<void(const std::string&)> on_line;
  std::function<void(const TrainingProgress&)> on_step;
  std::function<bool()> interrupted;  // asked often
};

struct PretrainingOutcome {
  PretrainingResult result;
  std::string weights_sha256;
};

// Vocabulary, tokenised corpus, training, output folder. The same job with the same state folder
// goes on where it was stopped, to the same weights. Errors as of its parts; ABORTED: interrupted,
// or another process works in the state folder.
absl::StatusOr<PretrainingOutcome> RunPretraining(const PretrainingJob& job,
                                                  const PretrainingJobObserver& observer);

}  // namespace guichet
