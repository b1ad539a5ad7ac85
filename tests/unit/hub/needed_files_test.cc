#include "model/hub/needed_files.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

HubListing Listing(const std::vector<std::string>& names) {
  HubListing listing;
  for (const std::string& name : names) listing.files.push_back({.name = name, .blob = ""});
  return listing;
}

std::vector<std::string> Needed(const std::vector<std::string>& names) {
  const auto files = NeededFiles(Listing(names));
  EXPECT_TRUE(files.ok()) << files.status();
  std::vector<std::string> needed;
  if (files.ok()) {
    for (const HubFile& file : *files) needed.push_back(file.name);
  }
  return needed;
}

std::string Lacking(const std::vector<std::string>& names) {
  const auto files = NeededFiles(Listing(names));
  EXPECT_EQ(files.status().code(), absl::StatusCode::kNotFound);
  return std::string(files.status().message());
}

TEST(NeededFilesTest, OfBarthezTheConfigurationTheTokenizerAndTheWeights) {
  EXPECT_THAT(Needed({".gitattributes", "README.md", "config.json", "pytorch_model.bin",
                      "sentencepiece.bpe.model", "tokenizer_config.json"}),
              ElementsAre("config.json", "tokenizer_config.json", "sentencepiece.bpe.model",
                          "pytorch_model.bin"));
}

TEST(NeededFilesTest, WeightsAreTakenOnce) {
  EXPECT_THAT(Needed({"config.json", "pytorch_model.bin", "model.safetensors", "tf_model.h5",
                      "flax_model.msgpack", "rust_model.ot", "onnx/model.onnx", "model.onnx"}),
              ElementsAre("config.json", "model.safetensors"));
  // Shards in safetensors come before one old file.
  EXPECT_THAT(Needed({"config.json", "pytorch_model.bin", "model.safetensors.index.json",
                      "model-00001-of-00001.safetensors"}),
              ElementsAre("config.json", "model.safetensors.index.json",
                          "model-00001-of-00001.safetensors"));
}

TEST(NeededFilesTest, ShardsAreTakenInTheirOrderAndAllOfThem) {
  EXPECT_THAT(Needed({"pytorch_model-00002-of-00002.bin", "pytorch_model.bin.index.json",
                      "config.json", "pytorch_model-00001-of-00002.bin", "model-1.bin"}),
              ElementsAre("config.json", "pytorch_model.bin.index.json",
                          "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"));
  EXPECT_THAT(Lacking({"config.json", "model.safetensors.index.json",
                       "model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"}),
              HasSubstr("model-00002-of-00003.safetensors"));
  EXPECT_THAT(Lacking({"config.json", "model.safetensors.index.json"}), HasSubstr("no shard"));
  EXPECT_THAT(Lacking({"config.json", "model.safetensors.index.json",
                       "model-00000-of-00000.safetensors", "model--0001-of-00001.safetensors"}),
              HasSubstr("no shard"));
}

TEST(NeededFilesTest, WhatAModelLacksIsNamed) {
  EXPECT_THAT(Lacking({}), HasSubstr("config.json"));
  EXPECT_THAT(Lacking({"model.safetensors"}), HasSubstr("config.json"));
  EXPECT_THAT(Lacking({"config.json", "tf_model.h5"}), HasSubstr("no model.safetensors"));
}

TEST(NeededFilesTest, FoldersAreLeft) {
  EXPECT_THAT(Needed({"config.json", "model.safetensors", "old/config.json", "old/vocab.json"}),
              ElementsAre("config.json", "model.safetensors"));
}

}  // namespace
}  // namespace guichet
