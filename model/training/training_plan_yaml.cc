#include "model/training/training_plan_yaml.h"

#include <string>
#include <utility>
#include <vector>

#include "model/training/training_plan_fields.h"

namespace guichet {
namespace {

using Field = PlanField<TrainingPlan>;

// A field that is one of some names.
template <typename Value, typename Parse>
Field NamedField(std::string key, std::string help, std::string range, Value TrainingPlan::* member,
                 Parse parse) {
  return {std::move(key), std::move(help), std::move(range),
          [member, parse](const YAML::Node& node, TrainingPlan& plan) -> absl::Status {
            std::string name;
            GUICHET_RETURN_IF_ERROR(ReadScalar(node, "a name", name));
            GUICHET_ASSIGN_OR_RETURN(plan.*member, parse(name));
            return absl::OkStatus();
          },
          [member](const TrainingPlan& plan) { return std::string(NameOf(plan.*member)); }};
}

// "all", "none", one name, names with commas between them, or a list of names.
absl::Status ReadCleaning(const YAML::Node& node, TrainingPlan& plan) {
  if (!node.IsSequence()) {
    std::string text;
    GUICHET_RETURN_IF_ERROR(ReadScalar(node, "a list of cleaning rules", text));
    GUICHET_ASSIGN_OR_RETURN(plan.clean, ParseTextCleaning(text));
    return absl::OkStatus();
  }
  std::vector<std::string> names;
  for (const YAML::Node& item : node) {
    GUICHET_RETURN_IF_ERROR(ReadScalar(item, "the name of a cleaning rule", names.emplace_back()));
  }
  GUICHET_ASSIGN_OR_RETURN(plan.clean, MakeTextCleaning(names));
  return absl::OkStatus();
}

void AddDropouts(std::vector<Field>& fields) {
  for (const auto& field : training_plan_fields::kDropouts) {
    fields.push_back({field.key, field.help, kProbability.Words() + ", or null",
                      [field](const YAML::Node& node, TrainingPlan& plan) {
                        if (node.IsNull()) {
                          (plan.*field.member).reset();
                          return absl::OkStatus();
                        }
                        return ReadScalar(node, "a number or null", (plan.*field.member).emplace());
                      },
                      [field](const TrainingPlan& plan) {
                        const std::optional<double>& value = plan.*field.member;
                        return value ? fmt::format("{}", *value) : std::string("null");
                      }});
  }
}

void AddChoices(std::vector<Field>& fields) {
  fields.push_back(NamedField("schedule", "how the learning rate goes on after the warm-up",
                              "linear, cosine, polynomial or constant", &TrainingPlan::schedule,
                              ParseLearningRateSchedule));
  fields.push_back(NamedField(
      "class_weights", "how much a text counts: all the same, or more the rarer its label",
      "none, inverse or sqrt-inverse", &TrainingPlan::class_weights, ParseClassWeighting));
  fields.push_back(NamedField(
      "sampling",
      "how often the texts of a label are seen: as they occur, all labels alike, or in between",
      "natural, balanced or sqrt-balanced", &TrainingPlan::sampling, ParseSampling));
  fields.push_back(NamedField("mode", "what learns", "full, last-N, lora or head",
                              &TrainingPlan::mode, ParseTrainedPart));
  fields.push_back(
      {"clean",
       "how texts are cleaned, here and by the bundle ever after (text_cleaning_options.h)",
       "all, none or names of rules with commas between them", ReadCleaning,
       [](const TrainingPlan& plan) { return NameOf(plan.clean); }});
  fields.push_back(ScalarField("freeze_embeddings",
                               "whether the tables of words and positions stay as they are",
                               "true or false", &TrainingPlan::freeze_embeddings, "true or false"));
  fields.push_back(ScalarField("seed", "of order, dropout and new weights", "a whole number from 0",
                               &TrainingPlan::seed, "a whole number from 0"));
  fields.push_back(ScalarField("device", "where it runs; auto: a GPU when there is one",
                               "auto, cpu, cuda or cuda:N", &TrainingPlan::device, "a device"));
  fields.push_back(NamedField("precision", "of an update; auto: bf16 on a GPU, fp32 on a CPU",
                              "auto, fp32 or bf16", &TrainingPlan::precision, ParsePrecision));
}

}  // namespace

const std::vector<PlanField<TrainingPlan>>& TrainingPlanFields() {
  static const std::vector<Field> kFields = [] {
    std::vector<Field> fields;
    AddFields(training_plan_fields::kIntegers, training_plan_fields::kNumbers, fields);
    AddDropouts(fields);
    AddChoices(fields);
    return fields;
  }();
  return kFields;
}

absl::StatusOr<TrainingPlan> ParseTrainingPlan(std::string_view yaml, std::string_view source,
                                               const TrainingPlan& base) {
  return ParsePlan(yaml, source, base, TrainingPlanFields());
}

absl::StatusOr<TrainingPlan> ReadTrainingPlan(const std::filesystem::path& file,
                                              const TrainingPlan& base) {
  return ReadPlanFile(file, base, TrainingPlanFields());
}

std::string ToYaml(const TrainingPlan& plan) { return PlanToYaml(plan, TrainingPlanFields()); }

std::string ToDocumentedYaml(const TrainingPlan& plan) {
  return PlanToDocumentedYaml("A training plan", plan, TrainingPlanFields());
}

}  // namespace guichet
