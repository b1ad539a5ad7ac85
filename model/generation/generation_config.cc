#include "model/generation/generation_config.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"

namespace guichet {
namespace {

using nlohmann::json;

constexpr const char* kFile = "generation_config.json";

absl::Status Wrong(std::string_view key, const json& value, std::string_view expected) {
  constexpr std::size_t kShownBytes = 100;
  const std::string shown = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; expected {}", key, shown.substr(0, kShownBytes), expected));
}

// Reads fields of one object; an absent key or null leaves the default.
class FieldReader {
 public:
  explicit FieldReader(const json& file) : file_(file) {}

  absl::Status Read(const char* key, int& out) const {
    const json* value = Find(key);
    return value == nullptr ? absl::OkStatus() : ToInteger(key, *value, out);
  }

  absl::Status Read(const char* key, double& out) const {
    const json* value = Find(key);
    if (value == nullptr) return absl::OkStatus();
    if (!value->is_number()) return Wrong(key, *value, "a number");
    out = value->get<double>();
    return absl::OkStatus();
  }

  absl::Status Read(const char* key, bool& out) const {
    const json* value = Find(key);
    if (value == nullptr) return absl::OkStatus();
    if (!value->is_boolean()) return Wrong(key, *value, "true or false");
    out = value->get<bool>();
    return absl::OkStatus();
  }

  absl::Status Read(const char* key, EarlyStopping& out) const {
    const json* value = Find(key);
    if (value == nullptr) return absl::OkStatus();
    if (value->is_boolean()) {
      out = value->get<bool>() ? EarlyStopping::kTrue : EarlyStopping::kFalse;
    } else if (*value == "never") {
      out = EarlyStopping::kNever;
    } else {
      return Wrong(key, *value, "true, false or \"never\"");
    }
    return absl::OkStatus();
  }

  // An id, or a list that holds one (Hugging Face allows several ends; BARThez has one).
  absl::Status ReadToken(const char* key, std::optional<TokenId>& out) const {
    const json* value = Find(key);
    if (value == nullptr) return absl::OkStatus();
    if (value->is_array()) {
      if (value->size() != 1) return Wrong(key, *value, "one token id");
      value = &value->front();
    }
    int id = 0;
    GUICHET_RETURN_IF_ERROR(ToInteger(key, *value, id));
    out = id;
    return absl::OkStatus();
  }

  absl::Status Read(const char* key, std::vector<std::vector<TokenId>>& out) const {
    const json* value = Find(key);
    if (value == nullptr) return absl::OkStatus();
    constexpr const char* kForm = "a list of lists of token ids";
    if (!value->is_array()) return Wrong(key, *value, kForm);
    for (const json& word : *value) {
      if (!word.is_array()) return Wrong(key, word, kForm);
      std::vector<TokenId>& tokens = out.emplace_back();
      for (const json& id : word) {
        GUICHET_RETURN_IF_ERROR(ToInteger(key, id, tokens.emplace_back()));
      }
    }
    return absl::OkStatus();
  }

 private:
  const json* Find(const char* key) const {
    const auto it = file_.find(key);
    return it == file_.end() || it->is_null() ? nullptr : &*it;
  }

  static absl::Status ToInteger(const char* key, const json& value, int& out) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) {
      return Wrong(key, value, "a whole number");
    }
    out = value.get<int>();
    return absl::OkStatus();
  }

  const json& file_;
};

// Parameters that change what is generated and that this program does not have. Where one is set to
// anything but what leaves it off, the results would silently differ from Hugging Face's.
absl::Status RefuseUnknownParameters(const json& file) {
  struct Unsupported {
    const char* key;
    json off;
  };
  static const std::array<Unsupported, 13> kUnsupported = {{
      {"num_beam_groups", 1},
      {"diversity_penalty", 0.0},
      {"penalty_alpha", nullptr},
      {"typical_p", 1.0},
      {"min_p", nullptr},
      {"epsilon_cutoff", 0.0},
      {"eta_cutoff", 0.0},
      {"encoder_repetition_penalty", 1.0},
      {"encoder_no_repeat_ngram_size", 0},
      {"exponential_decay_length_penalty", nullptr},
      {"suppress_tokens", nullptr},
      {"begin_suppress_tokens", nullptr},
      {"sequence_bias", nullptr},
  }};
  for (const Unsupported& parameter : kUnsupported) {
    const auto it = file.find(parameter.key);
    if (it == file.end() || it->is_null() || *it == parameter.off) continue;
    return Wrong(parameter.key, *it, "none: guichet does not have this parameter; remove it");
  }
  return absl::OkStatus();
}

absl::Status ReadFields(const json& file, GenerationOptions& options) {
  const FieldReader fields(file);
  GUICHET_RETURN_IF_ERROR(RefuseUnknownParameters(file));
  GUICHET_RETURN_IF_ERROR(fields.Read("max_length", options.max_length));
  int new_tokens = 0;
  GUICHET_RETURN_IF_ERROR(fields.Read("max_new_tokens", new_tokens));
  constexpr int kMany = 1'000'000;
  if (new_tokens > 0) options.max_length = 1 + std::min(new_tokens, kMany);
  GUICHET_RETURN_IF_ERROR(fields.Read("min_length", options.min_length));
  GUICHET_RETURN_IF_ERROR(fields.Read("min_new_tokens", options.min_new_tokens));
  GUICHET_RETURN_IF_ERROR(fields.Read("num_beams", options.num_beams));
  GUICHET_RETURN_IF_ERROR(fields.Read("num_return_sequences", options.num_return_sequences));
  GUICHET_RETURN_IF_ERROR(fields.Read("early_stopping", options.early_stopping));
  GUICHET_RETURN_IF_ERROR(fields.Read("length_penalty", options.length_penalty));
  GUICHET_RETURN_IF_ERROR(fields.Read("repetition_penalty", options.repetition_penalty));
  GUICHET_RETURN_IF_ERROR(fields.Read("no_repeat_ngram_size", options.no_repeat_ngram_size));
  GUICHET_RETURN_IF_ERROR(fields.Read("bad_words_ids", options.bad_words));
  GUICHET_RETURN_IF_ERROR(fields.Read("do_sample", options.do_sample));
  GUICHET_RETURN_IF_ERROR(fields.Read("temperature", options.temperature));
  GUICHET_RETURN_IF_ERROR(fields.Read("top_k", options.top_k));
  return fields.Read("top_p", options.top_p);
}

absl::Status ReadTokens(const json& file, GenerationOptions& options) {
  const FieldReader fields(file);
  std::optional<TokenId> start;
  std::optional<TokenId> end;
  GUICHET_RETURN_IF_ERROR(fields.ReadToken("decoder_start_token_id", start));
  GUICHET_RETURN_IF_ERROR(fields.ReadToken("eos_token_id", end));
  GUICHET_RETURN_IF_ERROR(fields.ReadToken("forced_bos_token_id", options.forced_bos_token_id));
  GUICHET_RETURN_IF_ERROR(fields.ReadToken("forced_eos_token_id", options.forced_eos_token_id));
  options.decoder_start_token_id = start.value_or(options.decoder_start_token_id);
  options.eos_token_id = end.value_or(options.eos_token_id);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GenerationOptions> ParseGenerationOptions(std::string_view generation_json,
                                                         const BartConfig& config) {
  GenerationOptions options;
  options.decoder_start_token_id = config.decoder_start_token_id;
  options.eos_token_id = config.eos_token_id;
  const bool own_file = !generation_json.empty();
  GUICHET_ASSIGN_OR_RETURN(const json file,
                           ParseStrictJson(own_file ? generation_json : config.json));
  if (!file.is_object()) return Wrong("the file", file, "a JSON object");
  GUICHET_RETURN_IF_ERROR(ReadFields(file, options));
  if (own_file) {
    GUICHET_RETURN_IF_ERROR(ReadTokens(file, options));
  } else {  // with MBartConfig's own defaults, forced_eos_token_id 2 among them
    options.forced_bos_token_id = config.forced_bos_token_id;
    options.forced_eos_token_id = config.forced_eos_token_id;
  }
  return options;
}

absl::StatusOr<GenerationOptions> ReadGenerationOptions(const std::filesystem::path& folder,
                                                        const BartConfig& config) {
  const std::filesystem::path path = folder / kFile;
  auto text = ReadFile(path, JsonLimits{}.max_bytes);
  if (!text.ok() && text.status().code() != absl::StatusCode::kNotFound) return text.status();
  auto options = ParseGenerationOptions(text.ok() ? *text : std::string(), config);
  if (options.ok()) return options;
  return absl::InvalidArgumentError(
      fmt::format("{}: {}", (text.ok() ? path : folder / "config.json").string(),
                  std::string(options.status().message())));
}

}  // namespace guichet
