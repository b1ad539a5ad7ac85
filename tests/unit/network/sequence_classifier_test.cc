#include "model/network/sequence_classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/network/owned_tensors.h"

namespace guichet {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

BartConfig Tiny() {
  BartConfig config;
  config.vocab_size = 50;
  config.d_model = 16;
  config.encoder_layers = 1;
  config.decoder_layers = 1;
  config.encoder_attention_heads = 2;
  config.decoder_attention_heads = 2;
  config.encoder_ffn_dim = 24;
  config.decoder_ffn_dim = 24;
  config.max_position_embeddings = 20;
  config.labels = {"a", "b", "c"};
  return config;
}

std::vector<float> Tensor(const ModelWeights& weights, const std::string& name) {
  return ReadFloats(weights.tensors.at(name)).value();
}

double Deviation(const std::vector<float>& values) {
  const double squares = std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

PaddedBatch TwoRows() {
  const std::vector<TokenId> a = {0, 7, 8, 9, 2};
  const std::vector<TokenId> b = {0, 3, 2};
  const std::vector<std::span<const TokenId>> rows = {a, b};
  return PadRows(rows, 1);
}

TEST(SequenceClassifierTest, ANewModelStartsAsMBartDoes) {
  const ModelWeights weights = SequenceClassifier::Initialise(Tiny(), 42)->Export();
  const std::vector<float> words = Tensor(weights, "model.shared.weight");
  EXPECT_THAT(std::vector<float>(words.begin() + 16, words.begin() + 32), Each(0.0F));
  EXPECT_NEAR(Deviation(words), 0.02, 0.002);
  EXPECT_NEAR(Deviation(Tensor(weights, "classification_head.dense.weight")), 0.02, 0.003);
  EXPECT_THAT(Tensor(weights, "model.encoder.layers.0.fc1.bias"), Each(0.0F));
  EXPECT_THAT(Tensor(weights, "model.decoder.layer_norm.weight"), Each(1.0F));
  EXPECT_THAT(Tensor(weights, "model.decoder.layer_norm.bias"), Each(0.0F));
}

TEST(SequenceClassifierTest, TheSeedDecidesTheWeights) {
  const auto hash = [](std::uint64_t seed) {
    return HashWeights(SequenceClassifier::Initialise(Tiny(), seed)->Export().tensors).value();
  };
  EXPECT_EQ(hash(1), hash(1));
  EXPECT_NE(hash(1), hash(2));
}

TEST(SequenceClassifierTest, ExportedWeightsLoadToTheSameModel) {
  const auto made = SequenceClassifier::Initialise(Tiny(), 3);
  const auto loaded = SequenceClassifier::Load(Tiny(), made->Export(), 4);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(made->Forward(TwoRows())->logits, loaded->Forward(TwoRows())->logits);
}

TEST(SequenceClassifierTest, EncoderHeadsExportNoDecoder) {
  BartConfig config = Tiny();
  config.pooling = Pooling::kMean;
  const ModelWeights weights = SequenceClassifier::Initialise(config, 3)->Export();
  EXPECT_FALSE(weights.has_decoder);
  EXPECT_TRUE(weights.has_classification_head);
}

TEST(SequenceClassifierTest, UntiedStacksReadTheirOwnWords) {
  BartConfig config = Tiny();
  config.tie_word_embeddings = false;
  const auto made = SequenceClassifier::Initialise(config, 3);
  const ModelWeights weights = made->Export();
  EXPECT_NE(Tensor(weights, "model.encoder.embed_tokens.weight"),
            Tensor(weights, "model.decoder.embed_tokens.weight"));
  EXPECT_TRUE(made->Forward(TwoRows()).ok());
}

TEST(SequenceClassifierTest, AMissingHeadIsMadeAndAnythingElseMissingIsNamed) {
  ModelWeights weights = SequenceClassifier::Initialise(Tiny(), 3)->Export();
  std::erase_if(weights.tensors,
                [](const auto& item) { return item.first.starts_with("classification_head."); });
  EXPECT_TRUE(SequenceClassifier::Load(Tiny(), weights, 4).ok());
  weights.tensors.erase("model.decoder.layers.0.fc2.weight");
  const auto loaded = SequenceClassifier::Load(Tiny(), weights, 4);
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(loaded.status().message()),
              HasSubstr("model.decoder.layers.0.fc2.weight"));
}

TEST(SequenceClassifierTest, AWrongShapeIsNamed) {
  BartConfig config = Tiny();
  const ModelWeights weights = SequenceClassifier::Initialise(config, 3)->Export();
  config.encoder_ffn_dim = 32;
  EXPECT_THAT(std::string(SequenceClassifier::Load(config, weights, 4).status().message()),
              HasSubstr("model.encoder.layers.0.fc1.weight has shape [24, 16], expected [32, 16]"));
}

TEST(SequenceClassifierTest, NeighboursAndPaddingDoNotChangeARow) {
  const auto network = SequenceClassifier::Initialise(Tiny(), 3);
  const std::vector<float> together = network->Forward(TwoRows())->logits;
  const std::vector<TokenId> alone = {0, 3, 2};
  const std::vector<std::span<const TokenId>> rows = {alone};
  const std::vector<float> single = network->Forward(PadRows(rows, 1))->logits;
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(together[3 + i], single[i], 1e-6F);
}

}  // namespace
}  // namespace guichet
