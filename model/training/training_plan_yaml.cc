#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

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
  setters["mode"] = NamedValue(&TrainingPlan::mode, ParseTrainedPart);
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
  const auto add = [&](std::string_view key, const auto& value) {
    yaml += fmt::format("{}: {}\n", key, value);
  };
  for (const auto& field : training_plan_fields::kIntegers) add(field.key, plan.*field.member);
  for (const auto& field : training_plan_fields::kNumbers) add(field.key, plan.*field.member);
  for (const auto& field : training_plan_fields::kDropouts) {
    const std::optional<double>& value = plan.*field.member;
    add(field.key, value.has_value() ? fmt::format("{}", *value) : "null");
  }
  add("schedule", NameOf(plan.schedule));
  add("class_weights", NameOf(plan.class_weights));
  add("mode", NameOf(plan.mode));
  add("seed", plan.seed);
  add("device", plan.device);
  return yaml;
}

}  // namespace guichet
