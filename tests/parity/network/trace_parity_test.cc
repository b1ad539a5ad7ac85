// The states inside the network, layer by layer, against transformers 4.57.

#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/checkpoint/parameter_names.h"
#include "model/network/classifier_network.h"
#include "tests/support/golden_batch.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;

class TraceParityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto folder = UnpackTestArchive("goldens/tiny_classifier.tar.xz");
    trace_ = ReadJsonFile(folder / "trace.json");
    const auto config = ReadBartConfig(folder / "safetensors");
    ASSERT_TRUE(config.ok()) << config.status();
    auto weights = ResolveParameterNames(OpenCheckpoint(folder / "safetensors").value(), *config);
    ASSERT_TRUE(weights.ok()) << weights.status();
    network_ = ClassifierNetwork::Create(*config, &weights->tensors, {.seed = 1}).value();
    PaddedBatch batch;
    batch.rows = 1;
    for (const json& id : trace_.at("input_ids")[0]) batch.ids.push_back(id.get<TokenId>());
    batch.length = static_cast<int>(batch.ids.size());
    batch_ = ToTensors(batch, *config, at::kCPU);
  }

  void Expect(const std::string& name, const at::Tensor& actual) {
    const at::Tensor values = actual.contiguous();
    const std::span<const float> span(values.const_data_ptr<float>(),
                                      static_cast<std::size_t>(values.numel()));
    EXPECT_LT(LargestDifference(span, Flatten(trace_.at(name))), 1e-4F) << name;
  }

  json trace_;
  std::unique_ptr<ClassifierNetwork> network_;
  BatchTensors batch_;
};

TEST_F(TraceParityTest, EncoderLayerByLayer) {
  const Encoder& encoder = network_->encoder();
  at::Tensor hidden = encoder.embeddings.Forward(batch_.ids, {});
  Expect("encoder_layernorm_embedding", hidden);
  const at::Tensor normal = encoder.layers[0].self_attention_norm.Forward(hidden);
  Expect("encoder_layer_0_self_attn",
         encoder.layers[0].self_attention.Forward(normal, normal, {.bias = batch_.bias}, {}));
  hidden = encoder.layers[0].Forward(hidden, {.bias = batch_.bias}, {});
  Expect("encoder_layer_0", hidden);
  hidden = encoder.layers[1].Forward(hidden, {.bias = batch_.bias}, {});
  Expect("encoder_layer_1", hidden);
  Expect("encoder_last_hidden_state", encoder.norm.Forward(hidden));
}

TEST_F(TraceParityTest, DecoderLayerByLayerAndHead) {
  const NetworkOutput output = network_->Forward(batch_, {});
  const EncoderMemory memory{.states = output.encoder_states, .mask = {.bias = batch_.bias}};
  const Decoder& decoder = network_->decoder().value();
  const DecoderLayer& first = decoder.layers[0];
  at::Tensor hidden = decoder.embeddings.Forward(batch_.decoder_ids, {});
  Expect("decoder_layernorm_embedding", hidden);
  const at::Tensor normal = first.self_attention_norm.Forward(hidden);
  const at::Tensor attended =
      first.self_attention.Forward(normal, normal, {.bias = {}, .causal = true}, {});
  Expect("decoder_layer_0_self_attn", attended);
  Expect("decoder_layer_0_encoder_attn",
         first.cross_attention.Forward(first.cross_attention_norm.Forward(hidden + attended),
                                       memory.states, memory.mask, {}));
  hidden = first.Forward(hidden, memory, {});
  Expect("decoder_layer_0", hidden);
  hidden = decoder.layers[1].Forward(hidden, memory, {});
  Expect("decoder_layer_1", hidden);
  Expect("decoder_last_hidden_state", decoder.norm.Forward(hidden));
  Expect("head_dense", network_->head().dense.Forward(output.pooled));
  Expect("logits", output.logits);
}

}  // namespace
}  // namespace guichet
