#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/cleaning/text_cleaning_options.h"

namespace guichet {

// How the learning rate goes on after the warm-up.
enum class LearningRateSchedule { kLinear, kCosine, kPolynomial, kConstant };

// How much an example of a label counts: all the same, or ∝ 1/frequency, or ∝ 1/√frequency.
enum class ClassWeighting { kNone, kInverse, kSqrtInverse };

// How often the examples of a label are seen in an epoch of as many examples as there are: as often
// as they occur, all labels alike, or ∝ √frequency.
enum class Sampling { kNatural, kBalanced, kSqrtBalanced };

// In which numbers an update is computed; parameters, moments and the loss stay fp32. kAuto: bf16
// on a GPU, fp32 on a CPU.
enum class Precision { kAuto, kFp32, kBf16 };

// Which parameters learn: all of them, the classification head alone, the head and the last layers
// (those of the decoder first, then those of the encoder, from the top), or the head and low-rank
// adapters (LoRA) beside the query and value projections, merged into them at the end.
struct TrainedPart {
  enum class Kind { kFull, kHead, kLastLayers, kLora };
  Kind kind = Kind::kFull;
  int layers = 0;  // with kLastLayers, at least 1

  friend bool operator==(const TrainedPart&, const TrainedPart&) = default;
};

// Everything that is chosen about a training run. Field names are the keys of a plan file; their
// ranges stand in training_plan_fields.h and are checked by Validate().
struct TrainingPlan {
  // Passes over the training examples. 1 to 1000.
  int epochs = 10;
  // Texts of one forward pass. 1 to 4096.
  int batch_size = 32;
  // Forward passes added up for one update. 1 to 1024.
  int accumulate = 1;
  // Longest input in tokens, <s> and </s> included; longer ones are cut before </s>. 3 to 131072;
  // the model's positions when those are fewer.
  int max_tokens = 256;

  // How texts are cleaned before they are tokenised, in training and, as the bundle keeps it, for
  // ever after: "all", "none", or a list of html, mojibake, invisible, quotes, signatures,
  // underscores, capitals, abbreviations. What a base bundle did is not asked.
  TextCleaningOptions clean = TextCleaningOptions::All();

  // Learning rate at the end of the warm-up. Above 0 to 1.
  double learning_rate = 5e-5;
  // The classification head learns at learning_rate times this. Above 0 to 1000.
  double head_learning_rate_multiplier = 1.0;
  // Share of all updates during which the learning rate rises from 0. 0 to 1.
  double warmup_ratio = 0.06;
  LearningRateSchedule schedule = LearningRateSchedule::kLinear;
  // Where the polynomial schedule ends, and its exponent. 0 to 1; above 0 to 10.
  double final_learning_rate = 1e-7;
  double schedule_power = 1.0;

  // AdamW. The decay spares biases and LayerNorms. 0 to 1; 0 to below 1 (twice); above 0 to 1.
  double weight_decay = 0.01;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  // Longest gradient (Euclidean norm over all parameters); 0: any. 0 to 1e9.
  double clip_norm = 1.0;

  // Share of the truth spread over all labels. 0 to below 1.
  double label_smoothing = 0.0;
  ClassWeighting class_weights = ClassWeighting::kNone;
  Sampling sampling = Sampling::kNatural;
  // R-Drop (Liang et al. 2021): weight of the divergence between two passes with different dropout;
  // 0: one pass. Doubles the cost. 0 to 100.
  double r_drop = 0.0;
  // Probability that a token of a training text is replaced by <unk>; <s> and </s> never are. Makes
  // small models rely on more than a few words and copes with unknown ones. 0 to below 1.
  double token_dropout = 0.0;
  // Evaluates and keeps an exponential moving average of the weights with this decay an update
  // (less during the first updates); 0: the weights themselves. 0 to below 1.
  double ema_decay = 0.0;
  // In place of the model's own rates when set. 0 to below 1.
  std::optional<double> dropout;
  std::optional<double> attention_dropout;
  std::optional<double> activation_dropout;
  std::optional<double> classifier_dropout;

  // "full", "head", "last-N" or "lora".
  TrainedPart mode;
  // Rank of the adapters of mode lora; their output is multiplied by lora_alpha / lora_rank. 1 to
  // 1024; above 0 to 10000.
  int lora_rank = 8;
  double lora_alpha = 16;
  // A layer learns at this power of its depth times the rate: the top layer at 1, the next below at
  // layer_decay, …, the embeddings at the last power. Above 0 to 1.
  double layer_decay = 1.0;
  // Whether the tables of words and positions, and the LayerNorm after them, stay as they are.
  bool freeze_embeddings = false;
  // Epochs without a better macro-F1 on the validation examples before training stops; 0: never
  // stops early. 0 to 1000.
  int patience = 3;
  // By how much the macro-F1 must grow to count as better. 0 to 1.
  double min_delta = 0.0;

  // Each label is answered only from the score on that shows, on the validation examples, a
  // precision of at least this (one-sided 95 % Clopper–Pearson bound); a label without such a score
  // is never answered, its tickets go to a person. 0: every ticket is answered. 0 to below 1.
  double promised_precision = 0.0;

  // Decides the order of examples, dropout and new weights.
  std::uint64_t seed = 42;
  // CPU threads; 0: as many as there are cores. 0 to 1024. Other numbers round sums differently.
  int threads = 0;
  // "auto" (a CUDA device when there is one), "cpu", "cuda" or "cuda:N".
  std::string device = "auto";
  // "auto", "fp32" or "bf16". A CPU without bf16 instructions emulates them, slowly.
  Precision precision = Precision::kAuto;

  // INVALID_ARGUMENT names the field, its value and its range.
  absl::Status Validate() const;
};

std::string_view NameOf(LearningRateSchedule schedule);  // "linear", "cosine", …
std::string_view NameOf(ClassWeighting weighting);       // "none", "inverse", "sqrt-inverse"
std::string_view NameOf(Sampling sampling);              // "natural", "balanced", …
std::string_view NameOf(Precision precision);            // "auto", "fp32", "bf16"
std::string NameOf(const TrainedPart& part);             // "full", "head", "last-4", "lora"
absl::StatusOr<LearningRateSchedule> ParseLearningRateSchedule(std::string_view name);
absl::StatusOr<ClassWeighting> ParseClassWeighting(std::string_view name);
absl::StatusOr<Sampling> ParseSampling(std::string_view name);
absl::StatusOr<Precision> ParsePrecision(std::string_view name);
absl::StatusOr<TrainedPart> ParseTrainedPart(std::string_view name);

// A plan from YAML: one mapping of field names; absent fields keep the value of `base`. Unknown and
// repeated keys are refused; messages name `source` and the line.
absl::StatusOr<TrainingPlan> ParseTrainingPlan(std::string_view yaml, std::string_view source,
                                               const TrainingPlan& base = {});
absl::StatusOr<TrainingPlan> ReadTrainingPlan(const std::filesystem::path& file,
                                              const TrainingPlan& base = {});
// The plan as YAML that ParseTrainingPlan reads back unchanged; documented: each field after a
// comment of its meaning and range.
std::string ToYaml(const TrainingPlan& plan);
std::string ToDocumentedYaml(const TrainingPlan& plan);

}  // namespace guichet
