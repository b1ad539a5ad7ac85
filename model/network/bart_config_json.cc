#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/network/bart_config.h"
#include "model/network/bart_config_fields.h"

namespace guichet {
namespace {

using nlohmann::json;
using namespace bart_config_fields;  // NOLINT(google-build-using-namespace): its own tables

// Keys of older files that describe an architecture; only this value of each is BARThez's.
constexpr std::array<std::pair<const char*, bool>, 4> kArchitecture = {{
    {"normalize_before", true},
    {"normalize_embedding", true},
    {"add_final_layer_norm", true},
    {"static_position_embeddings", false},
}};

absl::Status Wrong(std::string_view key, const json& value, std::string_view expected) {
  constexpr size_t kShownBytes = 100;
  std::string shown = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (shown.size() > kShownBytes) shown = shown.substr(0, kShownBytes) + "…";
  return absl::InvalidArgumentError(fmt::format("{} is {}; expected {}", key, shown, expected));
}

// The value of a key, or null when it is absent or JSON's null (both mean "class default").
const json* Find(const json& file, const char* key) {
  const auto it = file.find(key);
  return it == file.end() || it->is_null() ? nullptr : &*it;
}

absl::Status ReadInteger(const json& value, const char* key, int min, int max, int& out) {
  const bool fits = value.is_number_unsigned() &&
                    value.get<std::uint64_t>() <= static_cast<std::uint64_t>(max) &&
                    value.get<std::uint64_t>() >= static_cast<std::uint64_t>(min);
  if (!fits) return Wrong(key, value, fmt::format("a whole number from {} to {}", min, max));
  out = value.get<int>();
  return absl::OkStatus();
}

absl::Status ReadNumbers(const json& file, BartConfig& config) {
  for (const IntegerField& field : kIntegers) {
    if (const json* value = Find(file, field.key)) {
      GUICHET_RETURN_IF_ERROR(
          ReadInteger(*value, field.key, field.min, field.max, config.*field.member));
    }
  }
  for (const ProbabilityField& field : kProbabilities) {
    if (const json* value = Find(file, field.key)) {
      if (!value->is_number()) return Wrong(field.key, *value, "a number from 0 to 1");
      config.*field.member = value->get<double>();
    }
  }
  if (const json* value = Find(file, "init_std")) {
    if (!value->is_number()) return Wrong("init_std", *value, "a number");
    config.init_std = value->get<double>();
  }
  for (const SwitchField& field : kSwitches) {
    if (const json* value = Find(file, field.key)) {
      if (!value->is_boolean()) return Wrong(field.key, *value, "true or false");
      config.*field.member = value->get<bool>();
    }
  }
  return absl::OkStatus();
}

absl::Status ReadTokenIds(const json& file, BartConfig& config) {
  const int last = config.vocab_size - 1;
  for (const TokenField& field : kTokens) {
    if (const json* value = Find(file, field.key)) {
      GUICHET_RETURN_IF_ERROR(ReadInteger(*value, field.key, 0, last, config.*field.member));
    }
  }
  for (const OptionalTokenField& field : kOptionalTokens) {
    if (!file.contains(field.key)) continue;
    const json& value = file[field.key];
    if (value.is_null()) {
      (config.*field.member).reset();  // unlike an absent key, null switches the forcing off
      continue;
    }
    int id = 0;
    GUICHET_RETURN_IF_ERROR(ReadInteger(value, field.key, 0, last, id));
    config.*field.member = id;
  }
  return absl::OkStatus();
}

absl::Status CheckArchitecture(const json& file) {
  if (const json* type = Find(file, "model_type"); type != nullptr && *type != "mbart") {
    return Wrong("model_type", *type, "\"mbart\", the architecture of BARThez");
  }
  if (const json* name = Find(file, "activation_function"); name != nullptr && *name != "gelu") {
    return Wrong("activation_function", *name, "\"gelu\", the only one BARThez uses");
  }
  for (const auto& [key, needed] : kArchitecture) {
    if (const json* value = Find(file, key); value != nullptr && *value != needed) {
      return Wrong(key, *value, fmt::format("{}, as in BARThez", needed));
    }
  }
  if (const json* type = Find(file, "problem_type");
      type != nullptr && *type != "single_label_classification") {
    return Wrong("problem_type", *type, "null or \"single_label_classification\"");
  }
  return absl::OkStatus();
}

absl::Status ReadLabels(const json& file, BartConfig& config) {
  const json* names = Find(file, "id2label");
  if (names == nullptr) {
    int count = 2;
    if (const json* value = Find(file, "num_labels")) {
      GUICHET_RETURN_IF_ERROR(
          ReadInteger(*value, "num_labels", 1, static_cast<int>(kMaxLabels), count));
    }
    config.labels.clear();
    for (int id = 0; id < count; ++id) config.labels.push_back(fmt::format("LABEL_{}", id));
    return absl::OkStatus();
  }
  if (!names->is_object() || names->empty() || names->size() > kMaxLabels) {
    return Wrong("id2label", *names, fmt::format("an object of 1 to {} labels", kMaxLabels));
  }
  std::vector<std::string> labels(names->size());
  for (const auto& [id, name] : names->items()) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), index);
    if (error != std::errc() || end != id.data() + id.size() || index >= labels.size() ||
        fmt::format("{}", index) != id) {
      return Wrong("id2label", id, fmt::format("the ids 0 to {}, each once", labels.size() - 1));
    }
    if (!name.is_string()) return Wrong(fmt::format("id2label[{}]", id), name, "a string");
    labels[index] = name.get<std::string>();
  }
  config.labels = std::move(labels);
  return absl::OkStatus();
}

absl::Status ReadStrings(const json& file, BartConfig& config) {
  if (const json* value = Find(file, "pooling")) {
    if (!value->is_string()) return Wrong("pooling", *value, "mean, first, last-eos or max");
    GUICHET_ASSIGN_OR_RETURN(config.pooling, ParsePooling(value->get<std::string>()));
  }
  if (const json* value = Find(file, "tokenizer_class")) {
    if (!value->is_string()) return Wrong("tokenizer_class", *value, "a string");
    config.tokenizer_class = value->get<std::string>();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BartConfig> ParseBartConfig(std::string_view text) {
  GUICHET_ASSIGN_OR_RETURN(const json file, ParseStrictJson(text));
  if (!file.is_object()) return Wrong("the file", file, "a JSON object");
  GUICHET_RETURN_IF_ERROR(CheckArchitecture(file));
  BartConfig config;
  GUICHET_RETURN_IF_ERROR(ReadNumbers(file, config));
  GUICHET_RETURN_IF_ERROR(ReadTokenIds(file, config));
  GUICHET_RETURN_IF_ERROR(ReadLabels(file, config));
  GUICHET_RETURN_IF_ERROR(ReadStrings(file, config));
  GUICHET_RETURN_IF_ERROR(Validate(config));
  config.json = std::string(text);
  return config;
}

absl::StatusOr<BartConfig> ReadBartConfig(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, JsonLimits{}.max_bytes));
  absl::StatusOr<BartConfig> config = ParseBartConfig(text);
  if (!config.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", path.string(), std::string(config.status().message())));
  }
  return config;
}

std::string ToJson(const BartConfig& config) {
  json file = ParseStrictJson(config.json).value_or(json::object());
  if (!file.is_object()) file = json::object();
  file["model_type"] = "mbart";
  file["activation_function"] = "gelu";
  file["is_encoder_decoder"] = true;
  for (const IntegerField& field : kIntegers) file[field.key] = config.*field.member;
  file["num_hidden_layers"] = config.encoder_layers;
  for (const TokenField& field : kTokens) file[field.key] = config.*field.member;
  for (const ProbabilityField& field : kProbabilities) file[field.key] = config.*field.member;
  for (const SwitchField& field : kSwitches) file[field.key] = config.*field.member;
  file["init_std"] = config.init_std;
  for (const OptionalTokenField& field : kOptionalTokens) {
    file[field.key] = nullptr;
    if (const auto& id = config.*field.member) file[field.key] = *id;
  }
  file.erase("num_labels");
  file["id2label"] = json::object();
  file["label2id"] = json::object();
  for (size_t id = 0; id < config.labels.size(); ++id) {
    file["id2label"][fmt::format("{}", id)] = config.labels[id];
    file["label2id"][config.labels[id]] = id;
  }
  file.erase("pooling");
  if (config.pooling) file["pooling"] = std::string(NameOf(*config.pooling));
  if (!config.tokenizer_class.empty()) file["tokenizer_class"] = config.tokenizer_class;
  return file.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace guichet
