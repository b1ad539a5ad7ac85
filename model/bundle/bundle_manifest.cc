#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/bundle/bundle_files.h"
#include "model/bundle/model_bundle.h"

namespace guichet {
namespace {

using nlohmann::json;

constexpr int kFormatVersion = 1;
constexpr size_t kMaxNameBytes = 128;
constexpr size_t kHashDigits = 64;
constexpr double kMinTemperature = 0.01;
constexpr double kMaxTemperature = 100.0;

absl::Status Invalid(std::string_view field, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("{}: expected {}", field, expected));
}

template <typename T>
absl::Status Read(const json& file, const char* field, T& out);

template <>
absl::Status Read(const json& file, const char* field, std::string& out) {
  const auto it = file.find(field);
  if (it == file.end() || !it->is_string()) return Invalid(field, "a string");
  out = it->get<std::string>();
  return absl::OkStatus();
}

template <>
absl::Status Read(const json& file, const char* field, int& out) {
  constexpr int kMax = 1'000'000;
  const auto it = file.find(field);
  if (it == file.end() || !it->is_number_unsigned() || it->get<std::uint64_t>() > kMax) {
    return Invalid(field, fmt::format("a whole number up to {}", kMax));
  }
  out = it->get<int>();
  return absl::OkStatus();
}

template <>
absl::Status Read(const json& file, const char* field, double& out) {
  const auto it = file.find(field);
  if (it == file.end() || !it->is_number()) return Invalid(field, "a number");
  out = it->get<double>();
  return absl::OkStatus();
}

template <>
absl::Status Read(const json& file, const char* field, std::vector<std::string>& out) {
  const auto it = file.find(field);
  const bool strings =
      it != file.end() && it->is_array() &&
      std::all_of(it->begin(), it->end(), [](const json& item) { return item.is_string(); });
  if (!strings) return Invalid(field, "an array of strings");
  out = it->get<std::vector<std::string>>();
  return absl::OkStatus();
}

template <>
absl::Status Read(const json& file, const char* field, std::vector<double>& out) {
  const auto it = file.find(field);
  const bool numbers =
      it != file.end() && it->is_array() &&
      std::all_of(it->begin(), it->end(), [](const json& item) { return item.is_number(); });
  if (!numbers) return Invalid(field, "an array of numbers");
  out = it->get<std::vector<double>>();
  return absl::OkStatus();
}

absl::Status ReadObject(const json& file, const char* field, std::string& out) {
  const auto it = file.find(field);
  if (it == file.end() || !it->is_object()) return Invalid(field, "an object");
  out = it->dump(-1, ' ', false, json::error_handler_t::replace);
  return absl::OkStatus();
}

absl::Status ReadHead(const json& file, BundleManifest& manifest) {
  std::string head;
  GUICHET_RETURN_IF_ERROR(Read(file, "head", head));
  if (head == NameOf(HeadKind::kEncoderDecoder)) {
    manifest.head = HeadKind::kEncoderDecoder;
    return absl::OkStatus();
  }
  if (head != NameOf(HeadKind::kEncoder)) {
    return Invalid("head", "\"encoder\" or \"encoder-decoder\"");
  }
  manifest.head = HeadKind::kEncoder;
  std::string pooling;
  GUICHET_RETURN_IF_ERROR(Read(file, "pooling", pooling));
  GUICHET_ASSIGN_OR_RETURN(manifest.pooling, ParsePooling(pooling));
  return absl::OkStatus();
}

absl::Status ReadFiles(const json& file, BundleManifest& manifest) {
  const auto files = file.find("files");
  if (files == file.end() || !files->is_object()) return Invalid("files", "an object");
  for (const auto& [name, facts] : files->items()) {
    const std::string field = fmt::format("files[\"{}\"]", name.substr(0, 255));
    if (!facts.is_object()) return Invalid(field, "an object with sha256 and size");
    const auto size = facts.find("size");
    if (size == facts.end() || !size->is_number_unsigned()) {
      return Invalid(field + ".size", "a whole number of bytes");
    }
    BundleManifest::File& entry = manifest.files[name];
    entry.size = size->get<std::uint64_t>();
    const absl::Status status = Read(facts, "sha256", entry.sha256);
    if (!status.ok()) return Invalid(field + ".sha256", "a string");
  }
  return absl::OkStatus();
}

absl::Status ValidateCleaning(const TextCleaningOptions& cleaning) {
  const absl::Status status = cleaning.Validate();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(fmt::format("text_cleaning.{}", std::string(status.message())));
}

absl::Status ReadTextCleaning(const json& file, TextCleaningOptions& cleaning) {
  const auto object = file.find("text_cleaning");
  if (object == file.end()) return absl::OkStatus();
  if (!object->is_object()) return Invalid("text_cleaning", "an object with version and rules");
  int version = 0;
  std::vector<std::string> rules;
  if (!Read(*object, "version", version).ok()) {
    return Invalid("text_cleaning.version", "a whole number");
  }
  // Before the rules, whose names another version may give another sense.
  cleaning.version = version;
  GUICHET_RETURN_IF_ERROR(ValidateCleaning(cleaning));
  if (!Read(*object, "rules", rules).ok()) {
    return Invalid("text_cleaning.rules", "an array of strings");
  }
  const absl::StatusOr<TextCleaningOptions> read = MakeTextCleaning(rules);
  if (!read.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("text_cleaning.rules: {}", std::string(read.status().message())));
  }
  cleaning = *read;
  return absl::OkStatus();
}

bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
}

bool IsHash(std::string_view text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

absl::Status ValidateFiles(const std::map<std::string, BundleManifest::File>& files) {
  for (const auto& [name, file] : files) {
    const absl::Status named = CheckFileName(name);
    if (!named.ok()) return Invalid("files", std::string(named.message()));
    if (name == kManifestFile) return Invalid("files", "every file but manifest.json itself");
    if (!IsHash(file.sha256)) {
      return Invalid(fmt::format("files[\"{}\"].sha256", name), "64 lower-case hexadecimal digits");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const BundleManifest& manifest) {
  if (manifest.format_version != kFormatVersion) {
    return Invalid("format_version", fmt::format("{} (this program's), not {}", kFormatVersion,
                                                 manifest.format_version));
  }
  const std::string& name = manifest.name;
  if (name.empty() || name.size() > kMaxNameBytes || name.front() == '.' ||
      !std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return Invalid("name", fmt::format("1 to {} letters, digits, '.', '_' or '-'", kMaxNameBytes));
  }
  if (manifest.labels.empty()) return Invalid("labels", "at least one label");
  if (manifest.max_tokens < 2) return Invalid("max_tokens", "at least 2 (<s> and </s>)");
  if (!(manifest.temperature >= kMinTemperature && manifest.temperature <= kMaxTemperature)) {
    return Invalid("temperature", fmt::format("{} to {}", kMinTemperature, kMaxTemperature));
  }
  if (!manifest.thresholds.empty() && manifest.thresholds.size() != manifest.labels.size()) {
    return Invalid("thresholds",
                   fmt::format("one for each of the {} labels, or none", manifest.labels.size()));
  }
  GUICHET_RETURN_IF_ERROR(ValidateCleaning(manifest.text_cleaning));
  const bool in_range = std::all_of(manifest.thresholds.begin(), manifest.thresholds.end(),
                                    [](double value) { return value >= 0 && value <= 1; });
  if (!in_range) return Invalid("thresholds", "numbers from 0 to 1");
  return ValidateFiles(manifest.files);
}

std::string ToJson(const BundleManifest& manifest) {
  using nlohmann::ordered_json;
  const auto object = [](const std::string& text) {
    return ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  };
  ordered_json file;
  file["format_version"] = manifest.format_version;
  file["name"] = manifest.name;
  file["created"] = manifest.created;
  file["base_model"] = manifest.base_model;
  file["head"] = std::string(NameOf(manifest.head));
  file["pooling"] = nullptr;
  if (manifest.head == HeadKind::kEncoder) file["pooling"] = std::string(NameOf(manifest.pooling));
  file["labels"] = manifest.labels;
  file["tokenizer"] = manifest.tokenizer_kind;
  file["max_tokens"] = manifest.max_tokens;
  file["dtype"] = manifest.dtype;
  file["temperature"] = manifest.temperature;
  file["thresholds"] = manifest.thresholds;
  if (manifest.text_cleaning.any()) {
    file["text_cleaning"] = {{"version", manifest.text_cleaning.version},
                             {"rules", manifest.text_cleaning.Names()}};
  }
  file["provenance"] = object(manifest.provenance_json);
  file["metrics"] = object(manifest.metrics_json);
  file["files"] = ordered_json::object();
  for (const auto& [name, facts] : manifest.files) {
    file["files"][name] = {{"sha256", facts.sha256}, {"size", facts.size}};
  }
  return file.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

absl::StatusOr<BundleManifest> ParseBundleManifest(std::string_view text) {
  JsonLimits limits;
  limits.max_bytes = size_t{4} << 20;
  limits.max_values = 200'000;  // the figures may hold a confusion matrix
  GUICHET_ASSIGN_OR_RETURN(const json file, ParseStrictJson(text, limits));
  if (!file.is_object()) return Invalid("the file", "a JSON object");
  BundleManifest manifest;
  GUICHET_RETURN_IF_ERROR(Read(file, "format_version", manifest.format_version));
  if (manifest.format_version != kFormatVersion) return Validate(manifest);
  GUICHET_RETURN_IF_ERROR(Read(file, "name", manifest.name));
  GUICHET_RETURN_IF_ERROR(Read(file, "created", manifest.created));
  GUICHET_RETURN_IF_ERROR(Read(file, "base_model", manifest.base_model));
  GUICHET_RETURN_IF_ERROR(ReadHead(file, manifest));
  GUICHET_RETURN_IF_ERROR(Read(file, "labels", manifest.labels));
  GUICHET_RETURN_IF_ERROR(Read(file, "tokenizer", manifest.tokenizer_kind));
  GUICHET_RETURN_IF_ERROR(Read(file, "max_tokens", manifest.max_tokens));
  GUICHET_RETURN_IF_ERROR(Read(file, "dtype", manifest.dtype));
  GUICHET_RETURN_IF_ERROR(Read(file, "temperature", manifest.temperature));
  GUICHET_RETURN_IF_ERROR(Read(file, "thresholds", manifest.thresholds));
  GUICHET_RETURN_IF_ERROR(ReadTextCleaning(file, manifest.text_cleaning));
  GUICHET_RETURN_IF_ERROR(ReadObject(file, "provenance", manifest.provenance_json));
  GUICHET_RETURN_IF_ERROR(ReadObject(file, "metrics", manifest.metrics_json));
  GUICHET_RETURN_IF_ERROR(ReadFiles(file, manifest));
  GUICHET_RETURN_IF_ERROR(Validate(manifest));
  return manifest;
}

}  // namespace guichet
