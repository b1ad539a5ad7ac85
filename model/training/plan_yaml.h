#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "model/training/plan_fields.h"

// Plans as YAML: one mapping of field names. Seen by the .cc files of plans alone.

namespace guichet {

// One field of a plan, read from its value in a file and written back.
template <typename Plan>
struct PlanField {
  std::string key;
  std::string help;   // one line
  std::string range;  // in words
  std::function<absl::Status(const YAML::Node&, Plan&)> read;
  std::function<std::string(const Plan&)> write;
};

template <typename Value>
absl::Status ReadScalar(const YAML::Node& node, const char* kind, Value& out) {
  if (node.IsScalar() && YAML::convert<Value>::decode(node, out)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is not {}", node.IsScalar() ? node.Scalar() : "a list or mapping", kind));
}

// A field that is a scalar of this kind.
template <typename Plan, typename Value>
PlanField<Plan> ScalarField(std::string key, std::string help, std::string range,
                            Value Plan::* member, const char* kind) {
  return {std::move(key), std::move(help), std::move(range),
          [member, kind](const YAML::Node& node, Plan& plan) {
            return ReadScalar(node, kind, plan.*member);
          },
          [member](const Plan& plan) { return fmt::format("{}", plan.*member); }};
}

template <typename Plan, typename Integers, typename Numbers>
void AddFields(const Integers& integers, const Numbers& numbers,
               std::vector<PlanField<Plan>>& fields) {
  for (const IntegerField<Plan>& field : integers) {
    fields.push_back(ScalarField(field.key, field.help,
                                 fmt::format("{} to {}", field.min, field.max), field.member,
                                 "a whole number"));
  }
  for (const NumberField<Plan>& field : numbers) {
    fields.push_back(
        ScalarField(field.key, field.help, field.range.Words(), field.member, "a number"));
  }
}

namespace plan_yaml_internal {

inline absl::Status At(std::string_view source, const YAML::Mark& mark, std::string_view message) {
  return absl::InvalidArgumentError(fmt::format("{}:{}: {}", source, mark.line + 1, message));
}

template <typename Plan>
absl::StatusOr<Plan> FromNode(const YAML::Node& root, std::string_view source, Plan plan,
                              const std::vector<PlanField<Plan>>& fields) {
  if (root.IsNull()) return plan;  // an empty file
  if (!root.IsMap()) return At(source, root.Mark(), "a plan is one mapping of keys to values");
  std::map<std::string, const PlanField<Plan>*> known;
  for (const PlanField<Plan>& field : fields) known[field.key] = &field;
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    const auto field = known.find(key);
    if (field == known.end()) {
      std::string keys;
      for (const auto& [name, unused] : known) keys += (keys.empty() ? "" : ", ") + name;
      return At(source, entry.first.Mark(),
                fmt::format("unknown key '{}'; known are {}", key, keys));
    }
    if (!seen.insert(key).second) {
      return At(source, entry.first.Mark(), fmt::format("key '{}' appears twice", key));
    }
    absl::Status status = field->second->read(entry.second, plan);
    if (status.ok()) status = plan.Validate();
    if (!status.ok()) {
      return At(source, entry.first.Mark(),
                fmt::format("{}: {}", key, std::string(status.message())));
    }
  }
  return plan;
}

}  // namespace plan_yaml_internal

// A plan from YAML; absent fields keep the value of `base`. Unknown and repeated keys are refused;
// messages name `source` and the line.
template <typename Plan>
absl::StatusOr<Plan> ParsePlan(std::string_view yaml, std::string_view source, const Plan& base,
                               const std::vector<PlanField<Plan>>& fields) {
  try {
    return plan_yaml_internal::FromNode(YAML::Load(std::string(yaml)), source, base, fields);
  } catch (const YAML::Exception& error) {
    return plan_yaml_internal::At(source, error.mark, error.msg);
  }
}

template <typename Plan>
absl::StatusOr<Plan> ReadPlanFile(const std::filesystem::path& file, const Plan& base,
                                  const std::vector<PlanField<Plan>>& fields) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("cannot read the plan {}", file.string()));
  std::ostringstream text;
  text << in.rdbuf();
  return ParsePlan(text.str(), file.string(), base, fields);
}

template <typename Plan>
std::string PlanToYaml(const Plan& plan, const std::vector<PlanField<Plan>>& fields) {
  std::string yaml;
  for (const PlanField<Plan>& field : fields) {
    yaml += fmt::format("{}: {}\n", field.key, field.write(plan));
  }
  return yaml;
}

// Each field after a comment of its meaning and range, below a first line of `title`.
template <typename Plan>
std::string PlanToDocumentedYaml(std::string_view title, const Plan& plan,
                                 const std::vector<PlanField<Plan>>& fields) {
  std::string yaml = fmt::format("# {}; every field may be left out.\n", title);
  for (const PlanField<Plan>& field : fields) {
    yaml +=
        fmt::format("\n# {} ({})\n{}: {}\n", field.help, field.range, field.key, field.write(plan));
  }
  return yaml;
}

}  // namespace guichet
