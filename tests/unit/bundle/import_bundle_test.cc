#include <cmath>
#include <cstring>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/sha256.h"
#include "model/bundle/model_bundle.h"
#include "model/checkpoint/convert.h"
#include "model/checkpoint/new_head.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

fs::path Tiny(const std::string& variant) {
  return UnpackTestArchive("goldens/tiny_classifier.tar.xz") / variant;
}

std::vector<float> Values(const TensorMap& tensors, const std::string& name) {
  const TensorView& tensor = tensors.at(name);
  std::vector<float> values(tensor.data.size() / SizeOf(tensor.dtype));
  EXPECT_TRUE(ConvertToFloat32(tensor, values).ok());
  return values;
}

std::string HashOf(const fs::path& file) { return Sha256Hex(ReadFile(file, 1 << 24).value()); }

class ImportBundleTest : public ::testing::Test {
 protected:
  std::shared_ptr<const ModelBundle> Import(const fs::path& source,
                                            const ImportOptions& options = {}) {
    const fs::path folder = temp_.path() / std::to_string(count_++);
    const auto warnings = ImportBundle(source, folder, options);
    EXPECT_TRUE(warnings.ok()) << warnings.status();
    if (!warnings.ok()) return nullptr;
    warnings_ = *warnings;
    const auto bundle = ModelBundle::Open(folder);
    EXPECT_TRUE(bundle.ok()) << bundle.status();
    return bundle.value_or(nullptr);
  }

  const TempFolder temp_;
  int count_ = 0;
  std::vector<std::string> warnings_;
};

TEST_F(ImportBundleTest, EveryFormatOfOneModelGivesTheSameWeights) {
  const auto reference = Import(Tiny("safetensors"));
  ASSERT_NE(reference, nullptr);
  EXPECT_EQ(reference->manifest().name, "safetensors");
  EXPECT_EQ(reference->manifest().base_model, "tiny");
  EXPECT_EQ(reference->manifest().head, HeadKind::kEncoderDecoder);
  EXPECT_EQ(reference->manifest().max_tokens, 128);
  const std::string hash = HashOf(reference->folder() / "model.safetensors");
  for (const char* variant : {"bin", "bin_old_keys", "bin_legacy", "sharded", "sharded_bin",
                              "alias_decoder", "alias_all", "unaligned", "scaled"}) {
    const auto bundle = Import(Tiny(variant));
    ASSERT_NE(bundle, nullptr) << variant;
    EXPECT_EQ(HashOf(bundle->folder() / "model.safetensors"), hash) << variant;
    EXPECT_EQ(bundle->config().scale_embedding, std::string(variant) == "scaled");
  }
}

TEST_F(ImportBundleTest, ARegressionIsNoClassifier) {
  ImportOptions options;
  options.labels = {"score"};
  const auto refused = ImportBundle(Tiny("safetensors"), temp_.path() / "regression", options);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("regression"));
  EXPECT_FALSE(fs::exists(temp_.path() / "regression"));
}

TEST_F(ImportBundleTest, DifferingCopiesGiveTheSameWeightsAndAWarning) {
  const auto reference = Import(Tiny("safetensors"));
  EXPECT_THAT(warnings_, Each(Not(HasSubstr("copies of the word matrix"))));
  const auto bundle = Import(Tiny("alias_conflict"));
  ASSERT_NE(bundle, nullptr);
  EXPECT_THAT(warnings_, Contains(HasSubstr("copies of the word matrix differ")));
  EXPECT_EQ(HashOf(bundle->folder() / "model.safetensors"),
            HashOf(reference->folder() / "model.safetensors"));
}

TEST_F(ImportBundleTest, HalfPrecisionStaysAsItIsStored) {
  for (const char* variant : {"fp16", "bf16"}) {
    const auto bundle = Import(Tiny(variant));
    ASSERT_NE(bundle, nullptr);
    EXPECT_EQ(bundle->manifest().dtype, std::string(variant) == "fp16" ? "F16" : "BF16");
  }
}

TEST_F(ImportBundleTest, ModelsWithoutAHeadGetANewOneFromTheSeed) {
  for (const char* variant : {"base_model", "generation", "alias_lm_head"}) {
    ImportOptions options;
    options.seed = 7;
    const auto bundle = Import(Tiny(variant), options);
    ASSERT_NE(bundle, nullptr) << variant;
    EXPECT_THAT(warnings_, Contains(HasSubstr("a new one is drawn with seed 7")));
    const TensorMap& tensors = bundle->weights().tensors;
    EXPECT_THAT(Values(tensors, "classification_head.dense.bias"), Each(0.0F));
    const auto again = NewClassificationHead(bundle->config(), 7);
    const auto other = NewClassificationHead(bundle->config(), 8);
    const std::string name = "classification_head.dense.weight";
    EXPECT_EQ(Values(tensors, name), Values(again->tensors(), name));
    EXPECT_NE(Values(tensors, name), Values(other->tensors(), name));
  }
}

TEST_F(ImportBundleTest, ANewHeadIsNormalWithTheConfiguredDeviation) {
  BartConfig config;
  config.d_model = 256;
  const auto head = NewClassificationHead(config, 1);
  const auto values = Values(head->tensors(), "classification_head.dense.weight");
  double sum = 0;
  double squares = 0;
  int within_one = 0;
  for (const float value : values) {
    sum += value;
    squares += static_cast<double>(value) * value;
    within_one += std::abs(value) < 0.02F ? 1 : 0;
  }
  const auto count = static_cast<double>(values.size());
  EXPECT_NEAR(sum / count, 0.0, 5e-4);
  EXPECT_NEAR(std::sqrt(squares / count), 0.02, 5e-4);
  EXPECT_NEAR(within_one / count, 0.6827, 0.01);
}

TEST_F(ImportBundleTest, AnEncoderDecoderCanBecomeAnEncoderBundle) {
  ImportOptions options;
  options.head = HeadKind::kEncoder;
  options.pooling = Pooling::kFirst;
  options.name = "tickets";
  const auto bundle = Import(Tiny("safetensors"), options);
  ASSERT_NE(bundle, nullptr);
  EXPECT_THAT(warnings_, Contains(HasSubstr("fine-tune it before use")));
  EXPECT_EQ(bundle->manifest().name, "tickets");
  EXPECT_EQ(bundle->manifest().pooling, Pooling::kFirst);
  EXPECT_FALSE(bundle->weights().has_decoder);
  // The golden encoder-only checkpoint holds the same weights in the same layout.
  const auto golden =
      Import(UnpackTestArchive("goldens/tiny_encoder_classifier.tar.xz") / "checkpoint");
  ASSERT_NE(golden, nullptr);
  EXPECT_EQ(golden->manifest().pooling, Pooling::kMean);
  EXPECT_EQ(HashOf(golden->folder() / "model.safetensors"),
            HashOf(bundle->folder() / "model.safetensors"));
}

TEST_F(ImportBundleTest, LabelsCanBeReplacedButNotTheirNumber) {
  ImportOptions options;
  options.labels = {"a", "b", "c", "d", "e"};
  const auto bundle = Import(Tiny("safetensors"), options);
  ASSERT_NE(bundle, nullptr);
  EXPECT_EQ(bundle->manifest().labels, options.labels);
  options.labels.pop_back();
  const auto refused = ImportBundle(Tiny("safetensors"), temp_.path() / "x", options);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("has shape [5, 32]"));
}

TEST_F(ImportBundleTest, APoolingAsksForAnEncoderHead) {
  ImportOptions options;
  options.pooling = Pooling::kMean;
  const auto bundle = Import(Tiny("safetensors"), options);
  ASSERT_NE(bundle, nullptr);
  EXPECT_EQ(bundle->manifest().head, HeadKind::kEncoder);
  options.head = HeadKind::kEncoderDecoder;
  const auto refused = ImportBundle(Tiny("safetensors"), temp_.path() / "x", options);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("pooling is \"mean\", but"));
}

TEST_F(ImportBundleTest, BarthezsOwnTokenizerFillsInForAFolderWithout) {
  const auto bundle = Import(UnpackTestArchive("goldens/tiny_e2e.tar.xz") / "model");
  ASSERT_NE(bundle, nullptr);
  EXPECT_THAT(warnings_, Contains(HasSubstr("BARThez's own are used")));
  EXPECT_EQ(bundle->manifest().tokenizer_kind, "barthez");
  ASSERT_NE(bundle->tokenizer(), nullptr);
  EXPECT_EQ(bundle->tokenizer()->vocabulary_size(), bundle->config().vocab_size);
  EXPECT_EQ(bundle->tokenizer()->files()[0].parent_path(), bundle->folder());
  // An imported model learnt from raw texts.
  EXPECT_FALSE(bundle->manifest().text_cleaning.any());
}

TEST_F(ImportBundleTest, FoldersThatAreNoCheckpointsAreRefused) {
  const auto refused = ImportBundle(temp_.path(), temp_.path() / "x", {});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(temp_.path() / "x"));
}

}  // namespace
}  // namespace guichet
