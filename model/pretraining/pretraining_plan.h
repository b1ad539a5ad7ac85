#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/pretraining/denoising.h"
#include "model/training/training_plan.h"

namespace guichet {

// What pre-training takes of a training plan, with its own defaults: full precision of a small
// model, which so much text does not over-fit, hence no dropout while it is pre-trained.
TrainingPlan PretrainingDefaults();

// Everything that is chosen about a pre-training run. Field names are the keys of a plan file,
// those of kLearningKeys included.
struct PretrainingPlan {
  // Updates of the whole run; the learning rate falls over them. 1 to 100 million.
  int updates = 20'000;
  // Most tokens of a forward pass, padding included. 8 to 10 million.
  int batch_tokens = 4096;

  // Share of the tokens that are hidden, and the mean of the hidden spans' lengths. 0 to below 1;
  // above 0 to 100.
  double mask_share = 0.3;
  double mean_span = 3.0;
  // Probability that the sentences of a text are put in random order. 0 to 1.
  double permute_sentences = 1.0;

  // Share of the documents, by the hash of their content, that is never trained on. 0 to below 1.
  double heldout_share = 0.01;
  // Most held-out tokens that a loss is measured on; 0: none is. 0 to 100 million.
  int heldout_tokens = 50'000;
  // Updates between two measurements. 1 to 1 million.
  int heldout_every = 500;
  // Held-out texts that are shown with each measurement, masked and mended. 0 to 100.
  int samples = 3;

  // Pieces of a new vocabulary, special ones included. 100 to 1 million.
  int vocabulary_size = 8000;
  // Share of the characters that get a piece of their own in it. 0.9 to 1.
  double character_coverage = 0.9995;
  // Most text it is made of, in MB of sentences drawn by their content. 1 to 10000.
  int vocabulary_megabytes = 100;

  // How the network learns: of it, the fields of kLearningKeys count.
  TrainingPlan learning = PretrainingDefaults();

  // INVALID_ARGUMENT names the field, its value and its range.
  absl::Status Validate() const;
  DenoisingOptions Denoising(TokenId mask) const {
    return {mask_share, mean_span, permute_sentences, mask};
  }
};

// The fields of TrainingPlan that pre-training has too.
inline constexpr std::string_view kLearningKeys[] = {"accumulate",
                                                     "max_tokens",
                                                     "learning_rate",
                                                     "warmup_ratio",
                                                     "final_learning_rate",
                                                     "schedule_power",
                                                     "weight_decay",
                                                     "beta1",
                                                     "beta2",
                                                     "epsilon",
                                                     "clip_norm",
                                                     "dropout",
                                                     "attention_dropout",
                                                     "activation_dropout",
                                                     "schedule",
                                                     "seed",
                                                     "device",
                                                     "precision",
                                                     "threads"};

// As ReadTrainingPlan, ToYaml and ToDocumentedYaml.
absl::StatusOr<PretrainingPlan> ParsePretrainingPlan(std::string_view yaml, std::string_view source,
                                                     const PretrainingPlan& base = {});
absl::StatusOr<PretrainingPlan> ReadPretrainingPlan(const std::filesystem::path& file,
                                                    const PretrainingPlan& base = {});
std::string ToYaml(const PretrainingPlan& plan);
std::string ToDocumentedYaml(const PretrainingPlan& plan);

}  // namespace guichet
