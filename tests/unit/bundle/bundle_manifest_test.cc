#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/bundle/model_bundle.h"
#include "model/bundle/training_mix.h"

namespace guichet {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

BundleManifest Sample() {
  BundleManifest manifest;
  manifest.name = "tickets";
  manifest.created = "2026-01-02T03:04:05Z";
  manifest.base_model = "moussaKam/barthez";
  manifest.pooling = Pooling::kLastEos;
  manifest.labels = {"réseau", "mail"};
  manifest.tokenizer_kind = "barthez";
  manifest.max_tokens = 128;
  manifest.temperature = 1.25;
  manifest.thresholds = {0.5, 0.125};
  manifest.provenance_json = R"({"rows":12})";
  manifest.metrics_json = R"({"macro_f1":0.75})";
  manifest.files["config.json"] = {std::string(64, 'a'), 12};
  return manifest;
}

std::string ErrorOf(const json& file) {
  return std::string(ParseBundleManifest(file.dump()).status().message());
}

TEST(BundleManifestTest, WhatIsWrittenReadsBackTheSame) {
  const BundleManifest manifest = Sample();
  const auto again = ParseBundleManifest(ToJson(manifest));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->name, "tickets");
  EXPECT_EQ(again->created, manifest.created);
  EXPECT_EQ(again->base_model, manifest.base_model);
  EXPECT_EQ(again->head, HeadKind::kEncoder);
  EXPECT_EQ(again->pooling, Pooling::kLastEos);
  EXPECT_EQ(again->labels, manifest.labels);
  EXPECT_EQ(again->tokenizer_kind, "barthez");
  EXPECT_EQ(again->max_tokens, 128);
  EXPECT_EQ(again->temperature, 1.25);
  EXPECT_EQ(again->thresholds, manifest.thresholds);
  EXPECT_EQ(again->provenance_json, manifest.provenance_json);
  EXPECT_EQ(again->metrics_json, manifest.metrics_json);
  EXPECT_EQ(again->files.at("config.json").size, 12U);
  EXPECT_EQ(ToJson(*again), ToJson(manifest));
}

TEST(BundleManifestTest, AnEncoderDecoderHasNoPooling) {
  BundleManifest manifest = Sample();
  manifest.head = HeadKind::kEncoderDecoder;
  const std::string written = ToJson(manifest);
  EXPECT_TRUE(json::parse(written)["pooling"].is_null());
  const auto again = ParseBundleManifest(written);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->head, HeadKind::kEncoderDecoder);
}

TEST(BundleManifestTest, KeysOfNewerVersionsAreLeftAside) {
  json file = json::parse(ToJson(Sample()));
  file["some_future_key"] = 1;
  EXPECT_TRUE(ParseBundleManifest(file.dump()).ok());
}

TEST(BundleManifestTest, TextCleaningIsKeptAndAbsentWhereNothingIsCleaned) {
  BundleManifest manifest = Sample();
  EXPECT_FALSE(json::parse(ToJson(manifest)).contains("text_cleaning"));
  EXPECT_FALSE(ParseBundleManifest(ToJson(manifest))->text_cleaning.any());
  manifest.text_cleaning = ParseTextCleaning("html,quotes").value();
  const json written = json::parse(ToJson(manifest));
  EXPECT_EQ(written["text_cleaning"],
            (json{{"version", kTextCleaningVersion}, {"rules", {"html", "quotes"}}}));
  const auto again = ParseBundleManifest(written.dump());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->text_cleaning, manifest.text_cleaning);
}

TEST(BundleManifestTest, UnknownTextCleaningIsRefused) {
  json file = json::parse(ToJson(Sample()));
  const auto error = [&file](const json& cleaning) {
    file["text_cleaning"] = cleaning;
    const auto manifest = ParseBundleManifest(file.dump());
    EXPECT_EQ(manifest.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(manifest.status().message());
  };
  EXPECT_THAT(error({{"version", 2}, {"rules", {"emoji"}}}),
              HasSubstr("text_cleaning.version is 2; this program cleans texts by version 1 only"));
  EXPECT_THAT(error({{"version", 1}, {"rules", {"html", "emoji"}}}),
              HasSubstr("text_cleaning.rules: there is no cleaning rule 'emoji'"));
  EXPECT_THAT(error({{"version", 1}, {"rules", {"html", "html"}}}), HasSubstr("appears twice"));
  EXPECT_THAT(error({{"version", 1}, {"rules", "html"}}), HasSubstr("text_cleaning.rules"));
  EXPECT_THAT(error({{"rules", {"html"}}}), HasSubstr("text_cleaning.version"));
  EXPECT_THAT(error("all"), HasSubstr("text_cleaning: expected an object"));
}

TEST(BundleManifestTest, ErrorsNameTheField) {
  const json good = json::parse(ToJson(Sample()));
  EXPECT_THAT(std::string(ParseBundleManifest("{").status().message()), HasSubstr("JSON"));
  EXPECT_THAT(ErrorOf(json::array()), HasSubstr("a JSON object"));
  for (const auto& [field, value] : good.items()) {
    json file = good;
    file.erase(field);
    EXPECT_THAT(ErrorOf(file), HasSubstr(field + ": expected"));
    file[field] = json::array({json::array()});  // of no field's type
    EXPECT_THAT(ErrorOf(file), HasSubstr(field));
  }
}

TEST(BundleManifestTest, ErrorsNameTheBound) {
  const json good = json::parse(ToJson(Sample()));
  const auto error = [&good](const char* field, const json& value) {
    json file = good;
    file[field] = value;
    return ErrorOf(file);
  };
  EXPECT_THAT(error("format_version", 2), HasSubstr("format_version: expected 1"));
  EXPECT_THAT(error("name", "../x"), HasSubstr("name: expected 1 to 128 letters"));
  EXPECT_THAT(error("labels", json::array()), HasSubstr("at least one label"));
  EXPECT_THAT(error("max_tokens", 1), HasSubstr("max_tokens: expected at least 2"));
  EXPECT_THAT(error("temperature", 0), HasSubstr("temperature: expected 0.01 to 100"));
  EXPECT_THAT(error("thresholds", {0.5}), HasSubstr("one for each of the 2 labels"));
  EXPECT_THAT(error("thresholds", {0.5, 1.5}), HasSubstr("numbers from 0 to 1"));
  EXPECT_THAT(error("head", "decoder"), HasSubstr("head: expected \"encoder\""));
  EXPECT_THAT(error("pooling", "sum"), HasSubstr("pooling is \"sum\""));
  EXPECT_THAT(error("files", {{"../config.json", {{"sha256", std::string(64, 'a')}, {"size", 1}}}}),
              HasSubstr("\"../config.json\" is no plain file name"));
  EXPECT_THAT(error("files", {{"a", {{"sha256", std::string(64, 'G')}, {"size", 1}}}}),
              HasSubstr("64 lower-case hexadecimal digits"));
  EXPECT_THAT(error("files", {{"a", {{"sha256", std::string(64, 'a')}, {"size", -1}}}}),
              HasSubstr("files[\"a\"].size: expected a whole number"));
}

TEST(TrainingMixTest, IsWhatTheProvenanceTellsOfEveryLabel) {
  BundleManifest manifest = Sample();
  ASSERT_EQ(manifest.labels.size(), 2U);
  manifest.provenance_json = R"({"training_rows_by_label":[3,0]})";
  EXPECT_THAT(TrainingMix(manifest), ::testing::ElementsAre(3, 0));
  for (const char* told :
       {R"({})", R"({"training_rows_by_label":[3]})", "[]", "no JSON",
        R"({"training_rows_by_label":[3,-1]})", R"({"training_rows_by_label":[0,0]})",
        R"({"training_rows_by_label":["3","0"]})"}) {
    manifest.provenance_json = told;
    EXPECT_THAT(TrainingMix(manifest), ::testing::IsEmpty()) << told;
  }
}

}  // namespace
}  // namespace guichet
