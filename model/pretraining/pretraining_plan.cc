#include "model/pretraining/pretraining_plan.h"

#include <algorithm>
#include <array>

#include "base/status_macros.h"
#include "model/training/training_plan_yaml.h"

namespace guichet {
namespace {

using Integer = IntegerField<PretrainingPlan>;
using Number = NumberField<PretrainingPlan>;
using Plan = PretrainingPlan;

constexpr int kMillion = 1'000'000;
constexpr std::array kIntegers = {
    Integer{"updates", "of the whole run; the learning rate falls over them", &Plan::updates, 1,
            100 * kMillion},
    Integer{"batch_tokens", "most tokens of a forward pass, padding included", &Plan::batch_tokens,
            8, 10 * kMillion},
    Integer{"heldout_tokens", "most held-out tokens that a loss is measured on; 0: none is",
            &Plan::heldout_tokens, 0, 100 * kMillion},
    Integer{"heldout_every", "updates between two measurements", &Plan::heldout_every, 1, kMillion},
    Integer{"samples", "held-out texts shown with each measurement, masked and mended",
            &Plan::samples, 0, 100},
    Integer{"vocabulary_size", "pieces of a new vocabulary, special ones included",
            &Plan::vocabulary_size, 100, kMillion},
    Integer{"vocabulary_megabytes", "most text that a new vocabulary is made of",
            &Plan::vocabulary_megabytes, 1, 10'000},
};
constexpr std::array kNumbers = {
    Number{"mask_share", "share of the tokens that are hidden", &Plan::mask_share, kProbability},
    Number{"mean_span",
           "mean length of the hidden spans in tokens, Poisson's lambda",
           &Plan::mean_span,
           {0, 100, Bounds::kOpenBelow}},
    Number{"permute_sentences",
           "probability that the sentences of a text are put in random order",
           &Plan::permute_sentences,
           {0, 1, Bounds::kClosed}},
    Number{"heldout_share", "share of the documents, by their content, that never trains",
           &Plan::heldout_share, kProbability},
    Number{"character_coverage",
           "share of the characters that get a piece of their own in a new vocabulary",
           &Plan::character_coverage,
           {0.9, 1, Bounds::kClosed}},
};

// A training plan's field as one of this plan.
PlanField<Plan> Lift(const PlanField<TrainingPlan>& field) {
  return {
      field.key, field.help, field.range,
      [read = field.read](const YAML::Node& node, Plan& plan) { return read(node, plan.learning); },
      [write = field.write](const Plan& plan) { return write(plan.learning); }};
}

const std::vector<PlanField<Plan>>& Fields() {
  static const std::vector<PlanField<Plan>> kFields = [] {
    std::vector<PlanField<Plan>> fields;
    AddFields(kIntegers, kNumbers, fields);
    for (const PlanField<TrainingPlan>& field : TrainingPlanFields()) {
      if (std::ranges::find(kLearningKeys, field.key) != std::end(kLearningKeys)) {
        fields.push_back(Lift(field));
      }
    }
    return fields;
  }();
  return kFields;
}

}  // namespace

TrainingPlan PretrainingDefaults() {
  TrainingPlan plan;
  plan.max_tokens = 128;
  plan.learning_rate = 1e-3;
  plan.warmup_ratio = 0.03;
  plan.beta2 = 0.98;
  plan.epsilon = 1e-6;
  plan.dropout = 0.0;
  plan.attention_dropout = 0.0;
  plan.activation_dropout = 0.0;
  return plan;
}

absl::Status PretrainingPlan::Validate() const {
  constexpr int kFewestTokens = 8;
  GUICHET_RETURN_IF_ERROR(CheckFields(*this, kIntegers, kNumbers));
  GUICHET_RETURN_IF_ERROR(learning.Validate());
  if (learning.max_tokens >= kFewestTokens) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("max_tokens is {}; give at least {}, as less leaves nothing to mend",
                  learning.max_tokens, kFewestTokens));
}

absl::StatusOr<PretrainingPlan> ParsePretrainingPlan(std::string_view yaml, std::string_view source,
                                                     const PretrainingPlan& base) {
  return ParsePlan(yaml, source, base, Fields());
}

absl::StatusOr<PretrainingPlan> ReadPretrainingPlan(const std::filesystem::path& file,
                                                    const PretrainingPlan& base) {
  return ReadPlanFile(file, base, Fields());
}

std::string ToYaml(const PretrainingPlan& plan) { return PlanToYaml(plan, Fields()); }

std::string ToDocumentedYaml(const PretrainingPlan& plan) {
  return PlanToDocumentedYaml("A plan of pre-training", plan, Fields());
}

}  // namespace guichet
