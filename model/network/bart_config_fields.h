#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "model/network/bart_config.h"

// The fields of BartConfig by their names in config.json, for reading, checking and writing them
// alike. Private to bart_config*.cc.

namespace guichet::bart_config_fields {

inline constexpr size_t kMaxLabels = 10'000;
inline constexpr size_t kMaxLabelBytes = 1'024;
inline constexpr double kMaxInitStd = 10.0;

// Whole-number fields with the bounds that keep every product of sizes far from overflow.
struct IntegerField {
  const char* key;
  int BartConfig::* member;
  int min;
  int max;
};
inline constexpr std::array kIntegers = {
    IntegerField{"vocab_size", &BartConfig::vocab_size, 1, 4'000'000},
    IntegerField{"d_model", &BartConfig::d_model, 1, 16'384},
    IntegerField{"encoder_layers", &BartConfig::encoder_layers, 1, 128},
    IntegerField{"decoder_layers", &BartConfig::decoder_layers, 1, 128},
    IntegerField{"encoder_attention_heads", &BartConfig::encoder_attention_heads, 1, 1'024},
    IntegerField{"decoder_attention_heads", &BartConfig::decoder_attention_heads, 1, 1'024},
    IntegerField{"encoder_ffn_dim", &BartConfig::encoder_ffn_dim, 1, 131'072},
    IntegerField{"decoder_ffn_dim", &BartConfig::decoder_ffn_dim, 1, 131'072},
    IntegerField{"max_position_embeddings", &BartConfig::max_position_embeddings, 1, 131'072},
};
struct TokenField {
  const char* key;
  int BartConfig::* member;
};
inline constexpr std::array kTokens = {
    TokenField{"bos_token_id", &BartConfig::bos_token_id},
    TokenField{"pad_token_id", &BartConfig::pad_token_id},
    TokenField{"eos_token_id", &BartConfig::eos_token_id},
    TokenField{"decoder_start_token_id", &BartConfig::decoder_start_token_id},
};
struct OptionalTokenField {
  const char* key;
  std::optional<int> BartConfig::* member;
};
inline constexpr std::array kOptionalTokens = {
    OptionalTokenField{"forced_bos_token_id", &BartConfig::forced_bos_token_id},
    OptionalTokenField{"forced_eos_token_id", &BartConfig::forced_eos_token_id},
};
struct ProbabilityField {
  const char* key;
  double BartConfig::* member;
};
inline constexpr std::array kProbabilities = {
    ProbabilityField{"dropout", &BartConfig::dropout},
    ProbabilityField{"attention_dropout", &BartConfig::attention_dropout},
    ProbabilityField{"activation_dropout", &BartConfig::activation_dropout},
    ProbabilityField{"classifier_dropout", &BartConfig::classifier_dropout},
};
struct SwitchField {
  const char* key;
  bool BartConfig::* member;
};
inline constexpr std::array kSwitches = {
    SwitchField{"scale_embedding", &BartConfig::scale_embedding},
    SwitchField{"tie_word_embeddings", &BartConfig::tie_word_embeddings},
};
}  // namespace guichet::bart_config_fields
