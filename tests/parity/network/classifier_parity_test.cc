// The trainable network against MBartForSequenceClassification of transformers 4.57.

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/checkpoint/parameter_names.h"
#include "model/network/sequence_classifier.h"
#include "tests/support/golden_batch.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;

constexpr float kTolerance = 1e-4F;

std::filesystem::path Goldens() { return UnpackTestArchive("goldens/tiny_classifier.tar.xz"); }

struct Loaded {
  BartConfig config;
  ModelWeights weights;
};

absl::StatusOr<Loaded> LoadFolder(const std::filesystem::path& folder) {
  const auto config = ReadBartConfig(folder);
  if (!config.ok()) return config.status();
  auto checkpoint = OpenCheckpoint(folder);
  if (!checkpoint.ok()) return checkpoint.status();
  auto weights = ResolveParameterNames(*checkpoint, *config);
  if (!weights.ok()) return weights.status();
  return Loaded{*config, *std::move(weights)};
}

absl::StatusOr<SequenceClassifier> LoadNetwork(const std::filesystem::path& folder) {
  const auto loaded = LoadFolder(folder);
  if (!loaded.ok()) return loaded.status();
  return SequenceClassifier::Load(loaded->config, loaded->weights, 1);
}

const json& CaseNamed(const json& goldens, const std::string& name) {
  for (const json& item : goldens.at("cases")) {
    if (item.at("name") == name) return item;
  }
  throw std::runtime_error("no golden case " + name);
}

TEST(ClassifierParityTest, LogitsAndPooledStatesOfEveryCase) {
  const json goldens = ReadJsonFile(Goldens() / "goldens.json");
  const auto network = LoadNetwork(Goldens() / "safetensors");
  ASSERT_TRUE(network.ok()) << network.status();
  ASSERT_GE(goldens.at("cases").size(), 20U);
  for (const json& item : goldens.at("cases")) {
    SCOPED_TRACE(item.at("name"));
    const auto output = network->Forward(GoldenBatch(item));
    ASSERT_TRUE(output.ok()) << output.status();
    EXPECT_LT(LargestDifference(output->logits, Flatten(item.at("logits"))), kTolerance);
    EXPECT_LT(LargestDifference(output->pooled, Flatten(item.at("pooled"))), kTolerance);
  }
}

TEST(ClassifierParityTest, EncoderStatesAtVisiblePositions) {
  const json goldens = ReadJsonFile(Goldens() / "goldens.json");
  const json& expected = goldens.at("encoder_last_hidden_state");
  const auto network = LoadNetwork(Goldens() / "safetensors");
  ASSERT_TRUE(network.ok()) << network.status();
  const PaddedBatch batch = GoldenBatch(CaseNamed(goldens, expected.at("case")));
  auto output = network->Forward(batch);
  ASSERT_TRUE(output.ok()) << output.status();
  const std::size_t width = output->encoder_states.size() / batch.ids.size();
  for (std::size_t i = 0; i < output->encoder_states.size(); ++i) {
    if (batch.mask[i / width] == 0) output->encoder_states[i] = 0.0F;
  }
  EXPECT_LT(LargestDifference(output->encoder_states, Flatten(expected.at("value"))), kTolerance);
}

TEST(ClassifierParityTest, EveryVariantOfTheCheckpoint) {
  const json goldens = ReadJsonFile(Goldens() / "goldens.json");
  for (const auto& [name, variant] : goldens.at("variants").items()) {
    SCOPED_TRACE(name);
    const auto network = LoadNetwork(Goldens() / name);
    if (!network.ok() && name == "bin_legacy") {
      EXPECT_THAT(std::string(network.status().message()), ::testing::HasSubstr("save"));
      continue;
    }
    EXPECT_TRUE(network.ok()) << network.status();
    if (!network.ok()) continue;
    const json& base = CaseNamed(goldens, variant.at("case"));
    const auto output = network->Forward(GoldenBatch(base));
    ASSERT_TRUE(output.ok()) << output.status();
    const json& expected = variant.at("expect") == "own_logits" ? variant : base;
    EXPECT_LT(LargestDifference(output->pooled, Flatten(expected.at("pooled"))), kTolerance);
    if (variant.at("expect") == "pooled") continue;
    EXPECT_LT(LargestDifference(output->logits, Flatten(expected.at("logits"))), kTolerance);
  }
}

TEST(ClassifierParityTest, RefusesWhatHuggingFaceCannotRun) {
  const json goldens = ReadJsonFile(Goldens() / "goldens.json");
  const auto network = LoadNetwork(Goldens() / "safetensors");
  ASSERT_TRUE(network.ok()) << network.status();
  const std::map<std::string, std::string> words = {
      {"eos_count", "same number"}, {"no_eos", "no </s>"}, {"too_long", "positions"},
      {"id_range", "vocabulary"},   {"empty_row", ""},     {"mask_shape", "mask values"},
      {"left_padding", "left"}};
  for (const json& item : goldens.at("errors")) {
    const std::string reason = item.at("reason");
    SCOPED_TRACE(reason);
    const auto output = network->Forward(GoldenBatch(item));
    EXPECT_EQ(output.status().code(), absl::StatusCode::kInvalidArgument);
    ASSERT_TRUE(words.contains(reason));
    EXPECT_THAT(std::string(output.status().message()), ::testing::HasSubstr(words.at(reason)));
  }
}

TEST(ClassifierParityTest, EncoderOnlyHeadWithItsFourPoolings) {
  const auto folder = UnpackTestArchive("goldens/tiny_encoder_classifier.tar.xz");
  const json goldens = ReadJsonFile(folder / "goldens.json");
  auto loaded = LoadFolder(folder / "checkpoint");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const std::map<std::string, Pooling> poolings = {{"mean", Pooling::kMean},
                                                   {"first", Pooling::kFirst},
                                                   {"last_eos", Pooling::kLastEos},
                                                   {"max", Pooling::kMax}};
  for (const auto& [name, pooling] : poolings) {
    loaded->config.pooling = pooling;
    const auto network = SequenceClassifier::Load(loaded->config, loaded->weights, 1);
    ASSERT_TRUE(network.ok()) << network.status();
    for (const json& item : goldens.at("cases")) {
      SCOPED_TRACE(name + " " + item.at("name").get<std::string>());
      const auto output = network->Forward(GoldenBatch(item));
      ASSERT_TRUE(output.ok()) << output.status();
      const json& expected = item.at(name);
      EXPECT_LT(LargestDifference(output->pooled, Flatten(expected.at("pooled"))), kTolerance);
      EXPECT_LT(LargestDifference(output->logits, Flatten(expected.at("logits"))), kTolerance);
    }
  }
}

}  // namespace
}  // namespace guichet
