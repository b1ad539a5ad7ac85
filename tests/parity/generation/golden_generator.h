#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "model/generation/generate.h"
#include "model/generation/generation_options.h"
#include "model/generation/step_decoder.h"
#include "model/network/language_model.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {

using TokenRows = std::vector<std::vector<TokenId>>;

inline std::filesystem::path GeneratorFolder() {
  return UnpackTestArchive("goldens/tiny_generator.tar.xz");
}

inline const nlohmann::json& GeneratorGoldens() {
  static const nlohmann::json goldens = ReadJsonFile(GeneratorFolder() / "goldens.json");
  return goldens;
}

// The checkpoint of a folder with its configuration.
struct LoadedGenerator {
  BartConfig config;
  ModelWeights weights;
};
inline absl::StatusOr<LoadedGenerator> LoadGeneratorFolder(const std::filesystem::path& folder) {
  LoadedGenerator loaded;
  GUICHET_ASSIGN_OR_RETURN(loaded.config, ReadBartConfig(folder));
  GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(folder));
  GUICHET_ASSIGN_OR_RETURN(loaded.weights, ResolveParameterNames(checkpoint, loaded.config));
  return loaded;
}

// A golden case's options over those of the model's folder; null leaves a field unset.
inline GenerationOptions GoldenOptions(const nlohmann::json& golden, GenerationOptions options) {
  const auto set = [&](const char* key, auto& field) {
    if (golden.contains(key) && !golden.at(key).is_null()) golden.at(key).get_to(field);
  };
  const auto set_token = [&](const char* key, std::optional<TokenId>& field) {
    if (!golden.contains(key)) return;
    field.reset();
    if (!golden.at(key).is_null()) field = golden.at(key).get<TokenId>();
  };
  set("max_length", options.max_length);
  if (golden.contains("max_new_tokens") && !golden.at("max_new_tokens").is_null()) {
    options.max_length = 1 + golden.at("max_new_tokens").get<int>();
  }
  set("min_length", options.min_length);
  set("min_new_tokens", options.min_new_tokens);
  set("num_beams", options.num_beams);
  set("num_return_sequences", options.num_return_sequences);
  set("length_penalty", options.length_penalty);
  set("no_repeat_ngram_size", options.no_repeat_ngram_size);
  set("repetition_penalty", options.repetition_penalty);
  set("bad_words_ids", options.bad_words);
  set("temperature", options.temperature);
  set("top_k", options.top_k);
  set("top_p", options.top_p);
  set_token("forced_bos_token_id", options.forced_bos_token_id);
  set_token("forced_eos_token_id", options.forced_eos_token_id);
  if (golden.contains("early_stopping")) {
    const nlohmann::json& value = golden.at("early_stopping");
    options.early_stopping =
        ParseEarlyStopping(value.is_string() ? value.get<std::string>() : value.dump()).value();
  }
  return options;
}

// Rows without the padding behind them.
inline TokenRows WithoutPadding(const nlohmann::json& rows) {
  auto stripped = rows.get<TokenRows>();
  for (auto& row : stripped) {
    while (!row.empty() && row.back() == 1) row.pop_back();
  }
  return stripped;
}

// Decodes with the reference network: every step computes the whole past again, on padded batches.
class UncachedDecoder final : public StepDecoder {
 public:
  UncachedDecoder(const LanguageModel& model, TokenRows items)
      : model_(model), items_(std::move(items)) {}

  absl::StatusOr<std::span<float>> Step(std::span<const TokenId> tokens,
                                        std::span<const std::size_t> sources) override {
    std::vector<std::size_t> item_of;
    TokenRows pasts;
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      const bool first = pasts_.empty();
      item_of.push_back(first ? sources[row] : item_of_[sources[row]]);
      pasts.push_back(first ? std::vector<TokenId>() : pasts_[sources[row]]);
      pasts.back().push_back(tokens[row]);
    }
    item_of_ = std::move(item_of);
    pasts_ = std::move(pasts);
    std::vector<std::span<const TokenId>> inputs;
    std::vector<TokenId> decoder_ids;
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      inputs.emplace_back(items_[item_of_[row]]);
      decoder_ids.insert(decoder_ids.end(), pasts_[row].begin(), pasts_[row].end());
    }
    GUICHET_ASSIGN_OR_RETURN(const std::vector<float> all,
                             model_.Logits(PadRows(inputs, /*padding=*/1), decoder_ids));
    const std::size_t length = pasts_.front().size();
    const std::size_t vocabulary = all.size() / (tokens.size() * length);
    last_.clear();
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      const auto begin =
          all.begin() + static_cast<std::ptrdiff_t>(((row + 1) * length - 1) * vocabulary);
      last_.insert(last_.end(), begin, begin + static_cast<std::ptrdiff_t>(vocabulary));
    }
    return std::span(last_);
  }

 private:
  const LanguageModel& model_;
  const TokenRows items_;
  std::vector<std::size_t> item_of_;  // [rows]
  TokenRows pasts_;                   // [rows][length]
  std::vector<float> last_;           // [rows, vocabulary]
};

}  // namespace guichet
