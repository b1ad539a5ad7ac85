#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/status_macros.h"
#include "model/training/training_plan.h"
#include "model/training/training_plan_fields.h"

namespace guichet {
namespace {

// Sets one field from its value in the file.
using Setter = std::function<absl::Status(const YAML::Node&, TrainingPlan&)>;

template <typename Value>
absl::Status Read(const YAML::Node& node, const char* kind, Value& out) {
  if (node.IsScalar() && YAML::convert<Value>::decode(node, out)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is not {}", node.IsScalar() ? node.Scalar() : "a list or mapping", kind));
}

template <typename Value, typename Parse>
Setter NamedValue(Value TrainingPlan::* member, Parse parse) {
  return [member, parse](const YAML::Node& node, TrainingPlan& plan) -> absl::Status {
    std::string name;
    GUICHET_RETURN_IF_ERROR(Read(node, "a name", name));
    GUICHET_ASSIGN_OR_RETURN(plan.*member, parse(name));
    return absl::OkStatus();
  };
}

// "all", "none", one name, names with commas between them, or a list of names.
absl::Status SetCleaning(const YAML::Node& node, TrainingPlan& plan) {
  if (!node.IsSequence()) {
    std::string text;
    GUICHET_RETURN_IF_ERROR(Read(node, "a list of cleaning rules", text));
    GUICHET_ASSIGN_OR_RETURN(plan.clean, ParseTextCleaning(text));
    return absl::OkStatus();
  }
  std::vector<std::string> names;
  for (const YAML::Node& item : node) {
    GUICHET_RETURN_IF_ERROR(Read(item, "the name of a cleaning rule", names.emplace_back()));
  }
  GUICHET_ASSIGN_OR_RETURN(plan.clean, MakeTextCleaning(names));
  return absl::OkStatus();
}

std::map<std::string, Setter> MakeSetters() {
  std::map<std::string, Setter> setters;
  for (const auto& field : training_plan_fields::kIntegers) {
    setters[field.key] = [field](const YAML::Node& node, TrainingPlan& plan) {
      return Read(node, "a whole number", plan.*field.member);
    };
  }
  for (const auto& field : training_plan_fields::kNumbers) {
    setters[field.key] = [field](const YAML::Node& node, TrainingPlan& plan) {
      return Read(node, "a number", plan.*field.member);
    };
  }
  for (const auto& field : training_plan_fields::kDropouts) {
    setters[field.key] = [field](const YAML::Node& node, TrainingPlan& plan) {
      if (node.IsNull()) {
        (plan.*field.member).reset();
        return absl::OkStatus();
      }
      return Read(node, "a number or null", (plan.*field.member).emplace());
    };
  }
  setters["schedule"] = NamedValue(&TrainingPlan::schedule, ParseLearningRateSchedule);
  setters["class_weights"] = NamedValue(&TrainingPlan::class_weights, ParseClassWeighting);
  setters["sampling"] = NamedValue(&TrainingPlan::sampling, ParseSampling);
  setters["precision"] = NamedValue(&TrainingPlan::precision, ParsePrecision);
  setters["freeze_embeddings"] = [](const YAML::Node& node, TrainingPlan& plan) {
    return Read(node, "true or false", plan.freeze_embeddings);
  };
  setters["mode"] = NamedValue(&TrainingPlan::mode, ParseTrainedPart);
  setters["clean"] = SetCleaning;
  setters["seed"] = [](const YAML::Node& node, TrainingPlan& plan) {
    return Read(node, "a whole number from 0", plan.seed);
  };
  setters["device"] = [](const YAML::Node& node, TrainingPlan& plan) {
    return Read(node, "a device", plan.device);
  };
  return setters;
}

absl::Status At(std::string_view source, const YAML::Mark& mark, std::string_view message) {
  return absl::InvalidArgumentError(fmt::format("{}:{}: {}", source, mark.line + 1, message));
}

std::string KnownKeys(const std::map<std::string, Setter>& setters) {
  std::string keys;
  for (const auto& [key, setter] : setters) keys += (keys.empty() ? "" : ", ") + key;
  return keys;
}

absl::StatusOr<TrainingPlan> FromNode(const YAML::Node& root, std::string_view source,
                                      TrainingPlan plan) {
  if (root.IsNull()) return plan;  // an empty file
  if (!root.IsMap()) return At(source, root.Mark(), "a plan is one mapping of keys to values");
  static const std::map<std::string, Setter> kSetters = MakeSetters();
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    const auto setter = kSetters.find(key);
    if (setter == kSetters.end()) {
      return At(source, entry.first.Mark(),
                fmt::format("unknown key '{}'; known are {}", key, KnownKeys(kSetters)));
    }
    if (!seen.insert(key).second) {
      return At(source, entry.first.Mark(), fmt::format("key '{}' appears twice", key));
    }
    absl::Status status = setter->second(entry.second, plan);
    if (status.ok()) status = plan.Validate();
    if (!status.ok()) {
      return At(source, entry.first.Mark(),
                fmt::format("{}: {}", key, std::string(status.message())));
    }
  }
  return plan;
}

// A field as text.
struct FieldText {
  std::string key;
  std::string value;
  std::string help;
  std::string range;
};

std::string RangeText(const training_plan_fields::Range& range) {
  using training_plan_fields::Bounds;
  return fmt::format("{}{} to {}{}", range.bounds == Bounds::kOpenBelow ? "above " : "", range.min,
                     range.bounds == Bounds::kOpenAbove ? "below " : "", range.max);
}

void AddNumbers(const TrainingPlan& plan, std::vector<FieldText>& texts) {
  namespace fields = training_plan_fields;
  for (const auto& field : fields::kIntegers) {
    texts.push_back({field.key, fmt::format("{}", plan.*field.member), field.help,
                     fmt::format("{} to {}", field.min, field.max)});
  }
  for (const auto& field : fields::kNumbers) {
    texts.push_back(
        {field.key, fmt::format("{}", plan.*field.member), field.help, RangeText(field.range)});
  }
  for (const auto& field : fields::kDropouts) {
    const std::optional<double>& value = plan.*field.member;
    texts.push_back({field.key, value ? fmt::format("{}", *value) : "null", field.help,
                     RangeText(fields::kProbability) + ", or null"});
  }
}

std::vector<FieldText> FieldTexts(const TrainingPlan& plan) {
  std::vector<FieldText> texts;
  AddNumbers(plan, texts);
  const auto add = [&](std::string key, std::string_view value, std::string help,
                       std::string range) {
    texts.push_back({std::move(key), std::string(value), std::move(help), std::move(range)});
  };
  add("schedule", NameOf(plan.schedule), "how the learning rate goes on after the warm-up",
      "linear, cosine, polynomial or constant");
  add("class_weights", NameOf(plan.class_weights),
      "how much a text counts: all the same, or more the rarer its label",
      "none, inverse or sqrt-inverse");
  add("sampling", NameOf(plan.sampling),
      "how often the texts of a label are seen: as they occur, all labels alike, or in between",
      "natural, balanced or sqrt-balanced");
  add("mode", NameOf(plan.mode), "what learns", "full, last-N, lora or head");
  add("clean", NameOf(plan.clean),
      "how texts are cleaned, here and by the bundle ever after (text_cleaning_options.h)",
      "all, none or names of rules with commas between them");
  add("freeze_embeddings", plan.freeze_embeddings ? "true" : "false",
      "whether the tables of words and positions stay as they are", "true or false");
  add("seed", fmt::format("{}", plan.seed), "of order, dropout and new weights",
      "a whole number from 0");
  add("device", plan.device, "where it runs; auto: a GPU when there is one",
      "auto, cpu, cuda or cuda:N");
  add("precision", NameOf(plan.precision), "of an update; auto: bf16 on a GPU, fp32 on a CPU",
      "auto, fp32 or bf16");
  return texts;
}

}  // namespace

absl::StatusOr<TrainingPlan> ParseTrainingPlan(std::string_view yaml, std::string_view source,
                                               const TrainingPlan& base) {
  try {
    return FromNode(YAML::Load(std::string(yaml)), source, base);
  } catch (const YAML::Exception& error) {
    return At(source, error.mark, error.msg);
  }
}

absl::StatusOr<TrainingPlan> ReadTrainingPlan(const std::filesystem::path& file,
                                              const TrainingPlan& base) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("cannot read the plan {}", file.string()));
  std::ostringstream text;
  text << in.rdbuf();
  return ParseTrainingPlan(text.str(), file.string(), base);
}

std::string ToYaml(const TrainingPlan& plan) {
  std::string yaml;
  for (const FieldText& field : FieldTexts(plan)) {
    yaml += fmt::format("{}: {}\n", field.key, field.value);
  }
  return yaml;
}

std::string ToDocumentedYaml(const TrainingPlan& plan) {
  std::string yaml = "# A training plan; every field may be left out.\n";
  for (const FieldText& field : FieldTexts(plan)) {
    yaml += fmt::format("\n# {} ({})\n{}: {}\n", field.help, field.range, field.key, field.value);
  }
  return yaml;
}

}  // namespace guichet
