#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/checkpoint/expected_tensors.h"
#include "model/checkpoint/safetensors.h"
#include "model/network/bart_config.h"

namespace guichet {

// Writes a Hugging Face folder of a generation model with BARThez's tokenizer: one layer of each
// stack, 16 wide, with random weights. It writes nonsense, in a moment.
inline void WriteSmallGenerator(const std::filesystem::path& folder) {
  BartConfig config;
  config.vocab_size = 50002;
  config.d_model = 16;
  config.encoder_layers = config.decoder_layers = 1;
  config.encoder_attention_heads = config.decoder_attention_heads = 2;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 16;
  config.max_position_embeddings = 1024;
  std::vector<ExpectedTensor> expected = EncoderTensors(config);
  for (const ExpectedTensor& tensor : DecoderTensors(config)) expected.push_back(tensor);
  expected.push_back(WordTensor(kSharedWords, config));
  expected.push_back(FinalLogitsBiasTensor(config));
  std::map<std::string, std::vector<float>> values;
  TensorMap tensors;
  Random random(8);
  for (const ExpectedTensor& tensor : expected) {
    std::int64_t count = 1;
    for (const std::int64_t size : tensor.shape) count *= size;
    std::vector<float>& numbers = values[tensor.name];
    for (std::int64_t i = 0; i < count; ++i) {
      numbers.push_back(static_cast<float>(random.Uniform() - 0.5));
    }
    tensors[tensor.name] = {DType::kF32, tensor.shape, std::as_bytes(std::span(numbers))};
  }
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.json") << ToJson(config);
  std::filesystem::copy(
      std::filesystem::path(GUICHET_SOURCE_DIR) / "examples/barthez/sentencepiece.bpe.model",
      folder);
  const absl::Status status = WriteSafetensors(tensors, folder / "model.safetensors");
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

}  // namespace guichet
