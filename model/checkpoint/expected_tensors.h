#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/network/bart_config.h"

namespace guichet {

inline constexpr const char* kSharedWords = "model.shared.weight";
inline constexpr const char* kEncoderWords = "model.encoder.embed_tokens.weight";
inline constexpr const char* kDecoderWords = "model.decoder.embed_tokens.weight";
inline constexpr const char* kLanguageModelHead = "lm_head.weight";
inline constexpr const char* kFinalLogitsBias = "final_logits_bias";

struct ExpectedTensor {
  std::string name;  // Hugging Face's full name
  std::vector<std::int64_t> shape;
};

// Names and shapes by the configuration, in the order of the modules. Encoder and decoder come
// without their copies of the word matrix, which is model.shared.weight.
std::vector<ExpectedTensor> EncoderTensors(const BartConfig& config);
std::vector<ExpectedTensor> DecoderTensors(const BartConfig& config);
std::vector<ExpectedTensor> ClassificationHeadTensors(const BartConfig& config);
ExpectedTensor WordTensor(const char* name, const BartConfig& config);
ExpectedTensor FinalLogitsBiasTensor(const BartConfig& config);

}  // namespace guichet
