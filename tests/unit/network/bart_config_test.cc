#include "model/network/bart_config.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

json Small() {
  return {{"model_type", "mbart"},
          {"vocab_size", 200},
          {"d_model", 32},
          {"encoder_layers", 2},
          {"decoder_layers", 3},
          {"encoder_attention_heads", 4},
          {"decoder_attention_heads", 8},
          {"id2label", {{"0", "réseau"}, {"1", "mail"}}}};
}

std::string ErrorOf(const json& file) {
  return std::string(ParseBartConfig(file.dump()).status().message());
}

TEST(BartConfigTest, ReadsEveryFieldAndKeepsDefaultsOfAbsentOnes) {
  json file = Small();
  file["scale_embedding"] = true;
  file["dropout"] = 0.25;
  file["forced_bos_token_id"] = 7;
  file["pooling"] = "last-eos";
  const auto config = ParseBartConfig(file.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->vocab_size, 200);
  EXPECT_EQ(config->decoder_layers, 3);
  EXPECT_EQ(config->decoder_attention_heads, 8);
  EXPECT_EQ(config->encoder_ffn_dim, 4096);  // MBartConfig's default
  EXPECT_TRUE(config->scale_embedding);
  EXPECT_TRUE(config->tie_word_embeddings);
  EXPECT_DOUBLE_EQ(config->dropout, 0.25);
  EXPECT_EQ(config->forced_bos_token_id, 7);
  EXPECT_EQ(config->forced_eos_token_id, 2);
  EXPECT_EQ(config->pooling, Pooling::kLastEos);
  EXPECT_EQ(config->head(), HeadKind::kEncoder);
  EXPECT_THAT(config->labels, ElementsAre("réseau", "mail"));
}

TEST(BartConfigTest, NullMeansTheDefaultButSwitchesForcedTokensOff) {
  json file = Small();
  file["decoder_start_token_id"] = nullptr;
  file["forced_eos_token_id"] = nullptr;
  file["id2label"] = nullptr;
  const auto config = ParseBartConfig(file.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->decoder_start_token_id, 2);
  EXPECT_FALSE(config->forced_eos_token_id.has_value());
  EXPECT_THAT(config->labels, ElementsAre("LABEL_0", "LABEL_1"));
}

TEST(BartConfigTest, NumLabelsNamesLabelsWhereTheFileHasNone) {
  json file = Small();
  file.erase("id2label");
  file["num_labels"] = 3;
  const auto config = ParseBartConfig(file.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->labels, ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
}

TEST(BartConfigTest, LabelsFollowTheirIdsNotTheOrderOfTheFile) {
  const auto config = ParseBartConfig(
      R"({"id2label": {"10":"k","2":"c","0":"a","1":"b","3":"d","4":"e","5":"f","6":"g","7":"h","8":"i","9":"j"}})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->labels.front(), "a");
  EXPECT_EQ(config->labels[2], "c");
  EXPECT_EQ(config->labels.back(), "k");
}

TEST(BartConfigTest, ErrorsNameTheKeyTheValueAndWhatIsAccepted) {
  json file = Small();
  file["encoder_attention_heads"] = 5;
  EXPECT_THAT(ErrorOf(file), HasSubstr("encoder_attention_heads is 5; expected a divisor of"));
  file = Small();
  file["vocab_size"] = "200";
  EXPECT_THAT(ErrorOf(file), HasSubstr("vocab_size is \"200\"; expected a whole number from 1"));
  file = Small();
  file["normalize_before"] = false;
  EXPECT_THAT(ErrorOf(file), HasSubstr("normalize_before is false; expected true"));
  file = Small();
  file["model_type"] = "bart";
  EXPECT_THAT(ErrorOf(file), HasSubstr("model_type is \"bart\"; expected \"mbart\""));
  file = Small();
  file["problem_type"] = "regression";
  EXPECT_THAT(ErrorOf(file), HasSubstr("problem_type is \"regression\""));
  file = Small();
  file["pooling"] = "average";
  EXPECT_THAT(ErrorOf(file), HasSubstr("pooling is \"average\"; expected mean, first"));
}

TEST(BartConfigTest, ValidateChecksAConfigMadeInCode) {
  BartConfig config;
  EXPECT_TRUE(Validate(config).ok());
  config.encoder_attention_heads = 0;
  EXPECT_THAT(std::string(Validate(config).message()), HasSubstr("encoder_attention_heads is 0"));
  config = {};
  config.labels = {"a", "a"};
  EXPECT_THAT(std::string(Validate(config).message()), HasSubstr("the name of another label"));
}

TEST(BartConfigTest, WhatIsWrittenReadsBackTheSameWithUnknownKeysKept) {
  json file = Small();
  file["num_beams"] = 4;
  file["some_future_key"] = {{"x", {1, 2}}};
  file["num_labels"] = 9;
  auto config = ParseBartConfig(file.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  config->labels = {"a", "b", "c"};
  config->pooling = Pooling::kMax;
  config->dropout = 0.3;
  config->forced_eos_token_id.reset();
  const std::string written = ToJson(*config);
  const auto again = ParseBartConfig(written);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->labels, config->labels);
  EXPECT_EQ(again->pooling, Pooling::kMax);
  EXPECT_DOUBLE_EQ(again->dropout, 0.3);
  EXPECT_FALSE(again->forced_eos_token_id.has_value());
  EXPECT_EQ(ToJson(*again), written);
  EXPECT_EQ(json::parse(written)["num_beams"], 4);
  EXPECT_EQ(json::parse(written)["some_future_key"]["x"][1], 2);
}

TEST(BartConfigTest, HostileConfigsGetTheirVerdict) {
  const auto folder = UnpackTestArchive("malicious/malicious.tar.xz");
  std::ifstream stream(folder / "manifest.json");
  const json manifest = json::parse(stream);
  int checked = 0;
  for (const json& entry : manifest["files"]) {
    if (entry["kind"] != "config") continue;
    std::ifstream file(folder / entry["file"].get<std::string>(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto config = ParseBartConfig(text);
    EXPECT_EQ(config.ok(), entry["expect"] == "accept")
        << entry["file"] << ": " << config.status() << " " << entry["note"];
    if (!config.ok()) {
      EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_FALSE(config.status().message().empty());
      EXPECT_LT(config.status().message().size(), 1000U) << entry["file"];
    }
    ++checked;
  }
  EXPECT_EQ(checked, 36);
}

TEST(BartConfigTest, ReadsTheGoldenModelsFolders) {
  const auto folder = UnpackTestArchive("goldens/tiny_classifier.tar.xz");
  const auto config = ReadBartConfig(folder / "safetensors");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->d_model, 32);
  EXPECT_EQ(config->num_labels(), 5);
  EXPECT_EQ(config->labels[0], "Accès et mots de passe");
  EXPECT_EQ(config->tokenizer_class, "BarthezTokenizer");
  EXPECT_EQ(ReadBartConfig(folder / "absent").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace guichet
