#include "model/checkpoint/expected_tensors.h"

#include <utility>

#include <fmt/format.h>

namespace guichet {
namespace {

// The position table has two rows more than positions, a legacy of fairseq's padding index.
constexpr std::int64_t kPositionOffset = 2;

// Collects tensors under a prefix.
class Collector {
 public:
  explicit Collector(std::int64_t width) : width_(width) {}

  void Add(std::string name, std::vector<std::int64_t> shape) {
    tensors_.push_back({std::move(name), std::move(shape)});
  }
  void AddLinear(const std::string& name, std::int64_t out, std::int64_t in) {
    Add(name + ".weight", {out, in});
    Add(name + ".bias", {out});
  }
  void AddNorm(const std::string& name) {
    Add(name + ".weight", {width_});
    Add(name + ".bias", {width_});
  }
  void AddAttention(const std::string& name) {
    for (const char* projection : {"k_proj", "v_proj", "q_proj", "out_proj"}) {
      AddLinear(fmt::format("{}.{}", name, projection), width_, width_);
    }
    AddNorm(name + "_layer_norm");
  }
  std::vector<ExpectedTensor> Take() { return std::move(tensors_); }

 private:
  std::int64_t width_;
  std::vector<ExpectedTensor> tensors_;
};

std::vector<ExpectedTensor> StackTensors(const std::string& stack, const BartConfig& config,
                                         int layers, int ffn_width, bool cross_attention) {
  const std::int64_t width = config.d_model;
  Collector tensors(width);
  tensors.Add(stack + ".embed_positions.weight",
              {config.max_position_embeddings + kPositionOffset, width});
  tensors.AddNorm(stack + ".layernorm_embedding");
  for (int i = 0; i < layers; ++i) {
    const std::string layer = fmt::format("{}.layers.{}", stack, i);
    tensors.AddAttention(layer + ".self_attn");
    if (cross_attention) tensors.AddAttention(layer + ".encoder_attn");
    tensors.AddLinear(layer + ".fc1", ffn_width, width);
    tensors.AddLinear(layer + ".fc2", width, ffn_width);
    tensors.AddNorm(layer + ".final_layer_norm");
  }
  tensors.AddNorm(stack + ".layer_norm");
  return tensors.Take();
}

}  // namespace

std::vector<ExpectedTensor> EncoderTensors(const BartConfig& config) {
  return StackTensors("model.encoder", config, config.encoder_layers, config.encoder_ffn_dim,
                      /*cross_attention=*/false);
}

std::vector<ExpectedTensor> DecoderTensors(const BartConfig& config) {
  return StackTensors("model.decoder", config, config.decoder_layers, config.decoder_ffn_dim,
                      /*cross_attention=*/true);
}

std::vector<ExpectedTensor> ClassificationHeadTensors(const BartConfig& config) {
  Collector tensors(config.d_model);
  tensors.AddLinear("classification_head.dense", config.d_model, config.d_model);
  tensors.AddLinear("classification_head.out_proj", config.num_labels(), config.d_model);
  return tensors.Take();
}

ExpectedTensor WordTensor(const char* name, const BartConfig& config) {
  return {name, {config.vocab_size, config.d_model}};
}

ExpectedTensor FinalLogitsBiasTensor(const BartConfig& config) {
  return {kFinalLogitsBias, {1, config.vocab_size}};
}

}  // namespace guichet
