#include "model/checkpoint/parameter_names.h"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/checkpoint/convert.h"
#include "model/checkpoint/expected_tensors.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A small model in memory; each tensor is filled with a number of its own.
class FakeCheckpoint : public Checkpoint {
 public:
  void Add(const std::string& name, std::vector<std::int64_t> shape, float value) {
    size_t count = 1;
    for (const auto size : shape) count *= static_cast<size_t>(size);
    auto& bytes = storage_[name];
    bytes.assign(count, value);
    tensors_[name] = {DType::kF32, std::move(shape), std::as_bytes(std::span(bytes))};
  }
  void Rename(const std::string& from, const std::string& to) {
    tensors_[to] = tensors_.at(from);
    tensors_.erase(from);
  }
  TensorMap& mutable_tensors() { return tensors_; }
  const TensorMap& tensors() const override { return tensors_; }

 private:
  std::map<std::string, std::vector<float>> storage_;
  TensorMap tensors_;
};

BartConfig SmallConfig() {
  BartConfig config;
  config.vocab_size = 20;
  config.d_model = 8;
  config.encoder_layers = config.decoder_layers = 1;
  config.encoder_attention_heads = config.decoder_attention_heads = 2;
  config.encoder_ffn_dim = 12;
  config.decoder_ffn_dim = 10;
  config.max_position_embeddings = 16;
  return config;
}

std::shared_ptr<FakeCheckpoint> SmallCheckpoint(const BartConfig& config) {
  auto checkpoint = std::make_shared<FakeCheckpoint>();
  float value = 1;
  const auto add = [&](const std::vector<ExpectedTensor>& tensors) {
    for (const auto& [name, shape] : tensors) checkpoint->Add(name, shape, value++);
  };
  add(EncoderTensors(config));
  add(DecoderTensors(config));
  add(ClassificationHeadTensors(config));
  checkpoint->Add(kSharedWords, {config.vocab_size, config.d_model}, 100);
  return checkpoint;
}

float FirstValue(const ModelWeights& weights, const std::string& name) {
  float value = 0;
  std::memcpy(&value, weights.tensors.at(name).data.data(), sizeof value);
  return value;
}

std::string ErrorOf(const std::shared_ptr<FakeCheckpoint>& checkpoint, const BartConfig& config) {
  return std::string(ResolveParameterNames(checkpoint, config).status().message());
}

TEST(ParameterNamesTest, ExpectedTensorsOfBarthezBaseAddUpToItsParameterCount) {
  BartConfig config;
  config.vocab_size = 50'002;
  config.d_model = 768;
  config.encoder_layers = config.decoder_layers = 6;
  config.encoder_attention_heads = config.decoder_attention_heads = 12;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 3072;
  std::int64_t parameters = 0;
  size_t tensors = 0;
  const auto count = [&](const std::vector<ExpectedTensor>& expected) {
    for (const ExpectedTensor& tensor : expected) {
      std::int64_t product = 1;
      for (const auto size : tensor.shape) product *= size;
      parameters += product;
      ++tensors;
    }
  };
  count(EncoderTensors(config));
  count({WordTensor(kSharedWords, config)});
  EXPECT_EQ(parameters, 81'719'808);
  count(DecoderTensors(config));
  count(ClassificationHeadTensors(config));
  EXPECT_EQ(parameters, 139'813'634);
  EXPECT_EQ(tensors, 267U);
}

TEST(ParameterNamesTest, KeepsFullNamesAndReportsTheParts) {
  const BartConfig config = SmallConfig();
  const auto weights = ResolveParameterNames(SmallCheckpoint(config), config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_TRUE(weights->has_decoder);
  EXPECT_TRUE(weights->has_classification_head);
  EXPECT_FALSE(weights->has_lm_head);
  EXPECT_THAT(weights->warnings, IsEmpty());
  EXPECT_EQ(weights->tensors.size(), 5U + 16 + 5 + 26 + 4 + 1);
}

TEST(ParameterNamesTest, AddsThePrefixAndMapsNamedHeadsAndOldNorms) {
  const BartConfig config = SmallConfig();
  const auto checkpoint = SmallCheckpoint(config);
  TensorMap variants;
  for (const auto& [name, tensor] : checkpoint->tensors()) {
    std::string variant = name;
    if (variant.starts_with("model.")) variant.erase(0, 6);
    if (variant.starts_with("classification_head."))
      variant.replace(0, 19, "classification_heads.it");
    if (variant.ends_with("norm.weight")) variant.replace(variant.size() - 6, 6, "gamma");
    if (variant.ends_with("norm.bias")) variant.replace(variant.size() - 4, 4, "beta");
    variants[variant] = tensor;
  }
  variants["encoder.version"] = variants["shared.weight"];
  variants["decoder.embed_positions._float_tensor"] = variants["shared.weight"];
  variants["decoder.output_projection.weight"] = variants["shared.weight"];
  checkpoint->mutable_tensors() = variants;
  const auto weights = ResolveParameterNames(checkpoint, config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  const auto expected = ResolveParameterNames(SmallCheckpoint(config), config);
  ASSERT_EQ(weights->tensors.size(), expected->tensors.size());
  for (const auto& [name, tensor] : expected->tensors) {
    EXPECT_EQ(FirstValue(*weights, name), FirstValue(*expected, name)) << name;
  }
}

TEST(ParameterNamesTest, FillsAllWordMatricesFromAnyOneCopy) {
  const BartConfig config = SmallConfig();
  for (const char* alias : {kEncoderWords, kDecoderWords, kLanguageModelHead}) {
    const auto checkpoint = SmallCheckpoint(config);
    checkpoint->Rename(kSharedWords, alias);
    const auto weights = ResolveParameterNames(checkpoint, config);
    ASSERT_TRUE(weights.ok()) << weights.status();
    EXPECT_EQ(FirstValue(*weights, kSharedWords), 100);
    EXPECT_FALSE(weights->tensors.contains(kEncoderWords));
    EXPECT_EQ(weights->has_lm_head, alias == kLanguageModelHead);
    EXPECT_THAT(weights->warnings, IsEmpty());
  }
}

TEST(ParameterNamesTest, DifferingCopiesYieldToTheSharedMatrixWithAWarning) {
  BartConfig config = SmallConfig();
  const auto checkpoint = SmallCheckpoint(config);
  checkpoint->Add(kEncoderWords, {20, 8}, 7);
  checkpoint->Add(kLanguageModelHead, {20, 8}, 100);  // bit-equal: no warning for this one
  auto weights = ResolveParameterNames(checkpoint, config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  ASSERT_EQ(weights->warnings.size(), 1U);
  EXPECT_THAT(weights->warnings[0], AllOf(HasSubstr(kEncoderWords), HasSubstr(kSharedWords)));
  EXPECT_EQ(FirstValue(*weights, kSharedWords), 100);

  config.tie_word_embeddings = false;
  weights = ResolveParameterNames(checkpoint, config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_THAT(weights->warnings, IsEmpty());
  EXPECT_EQ(FirstValue(*weights, kEncoderWords), 7);
  EXPECT_EQ(FirstValue(*weights, kDecoderWords), 100);
}

TEST(ParameterNamesTest, ALanguageModelWithoutItsBiasHasZeros) {
  const BartConfig config = SmallConfig();
  const auto checkpoint = SmallCheckpoint(config);
  checkpoint->Add(kLanguageModelHead, {20, 8}, 100);
  const auto weights = ResolveParameterNames(checkpoint, config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  const TensorView& bias = weights->tensors.at(kFinalLogitsBias);
  EXPECT_EQ(bias.shape, (std::vector<std::int64_t>{1, 20}));
  std::vector<float> values(20, 1);
  ASSERT_TRUE(ConvertToFloat32(bias, values).ok());
  EXPECT_THAT(values, ::testing::Each(0.0F));
}

TEST(ParameterNamesTest, ErrorsNameTheTensorAndWhatWasExpected) {
  BartConfig config = SmallConfig();
  auto checkpoint = SmallCheckpoint(config);
  checkpoint->Add("model.decoder.layers.0.fc1.weight", {8, 10}, 1);
  EXPECT_THAT(ErrorOf(checkpoint, config),
              HasSubstr("\"model.decoder.layers.0.fc1.weight\" has shape [8, 10]; by config.json "
                        "it must be [10, 8]"));
  checkpoint = SmallCheckpoint(config);
  checkpoint->mutable_tensors().erase("classification_head.dense.bias");
  EXPECT_THAT(ErrorOf(checkpoint, config),
              HasSubstr("\"classification_head.dense.bias\" is missing; expected shape [8]"));
  checkpoint = SmallCheckpoint(config);
  checkpoint->Add("model.encoder.layers.1.fc1.bias", {12}, 1);
  EXPECT_THAT(ErrorOf(checkpoint, config), HasSubstr("has no place in the model"));
  checkpoint = SmallCheckpoint(config);
  checkpoint->Add("encoder.layer_norm.weight", {8}, 1);
  EXPECT_THAT(ErrorOf(checkpoint, config), HasSubstr("under a second name"));
  checkpoint = SmallCheckpoint(config);
  checkpoint->Add("model.encoder.layer_norm.bias", {8}, std::nanf(""));
  EXPECT_THAT(ErrorOf(checkpoint, config),
              HasSubstr("\"model.encoder.layer_norm.bias\" is not finite at element 0"));
}

TEST(ParameterNamesTest, AnotherTasksHeadIsLeftAsideWithAWarning) {
  const BartConfig config = SmallConfig();
  const auto checkpoint = SmallCheckpoint(config);
  checkpoint->Add("qa_outputs.weight", {2, 8}, 1);
  const auto weights = ResolveParameterNames(checkpoint, config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  ASSERT_EQ(weights->warnings.size(), 1U);
  EXPECT_THAT(weights->warnings[0], HasSubstr("qa_outputs.weight"));
}

TEST(ParameterNamesTest, OnlyAnEncoderOnlyConfigMayLackTheDecoder) {
  BartConfig config = SmallConfig();
  const auto checkpoint = SmallCheckpoint(config);
  std::erase_if(checkpoint->mutable_tensors(),
                [](const auto& item) { return item.first.starts_with("model.decoder."); });
  EXPECT_THAT(ErrorOf(checkpoint, config), HasSubstr("there is no decoder"));
  config.pooling = Pooling::kMean;
  const auto weights = ResolveParameterNames(checkpoint, config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_FALSE(weights->has_decoder);
}

TEST(ParameterNamesTest, ReadsTheEncoderOnlyGolden) {
  const auto folder = UnpackTestArchive("goldens/tiny_encoder_classifier.tar.xz") / "checkpoint";
  const auto config = ReadBartConfig(folder);
  ASSERT_TRUE(config.ok()) << config.status();
  const auto checkpoint = OpenCheckpoint(folder);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const auto weights = ResolveParameterNames(*checkpoint, *config);
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_FALSE(weights->has_decoder);
  EXPECT_TRUE(weights->has_classification_head);
  EXPECT_TRUE(weights->tensors.contains(kSharedWords));
}

}  // namespace
}  // namespace guichet
