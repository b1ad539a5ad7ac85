#include "model/bundle/model_bundle.h"

#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/sha256.h"
#include "model/checkpoint/expected_tensors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return WallTime(std::chrono::seconds(1'767'323'045)); }
};

struct Source {
  BartConfig config;
  ModelWeights weights;
};

Source TinyClassifier() {
  const fs::path folder = UnpackTestArchive("goldens/tiny_classifier.tar.xz") / "safetensors";
  BartConfig config = ReadBartConfig(folder).value();
  ModelWeights weights = ResolveParameterNames(OpenCheckpoint(folder).value(), config).value();
  return {std::move(config), std::move(weights)};
}

BundleContents Contents(const Source& source, HeadKind head) {
  BundleContents contents;
  contents.manifest.name = "tickets";
  contents.manifest.base_model = "tiny";
  contents.manifest.head = head;
  contents.manifest.pooling = Pooling::kMax;
  contents.manifest.labels = source.config.labels;
  contents.manifest.max_tokens = 64;
  contents.manifest.temperature = 1.5;
  contents.config = source.config;
  contents.weights = source.weights.tensors;
  contents.report_json = R"({"macro_f1":0.5})";
  return contents;
}

void ExpectSameTensors(const TensorMap& actual, const TensorMap& expected) {
  for (const auto& [name, tensor] : actual) {
    ASSERT_TRUE(expected.contains(name)) << name;
    const TensorView& other = expected.at(name);
    EXPECT_EQ(tensor.shape, other.shape) << name;
    ASSERT_EQ(tensor.data.size(), other.data.size()) << name;
    EXPECT_EQ(std::memcmp(tensor.data.data(), other.data.data(), tensor.data.size()), 0) << name;
  }
}

TEST(ModelBundleTest, AnEncoderDecoderComesBackAsItWasWritten) {
  const Source source = TinyClassifier();
  const TempFolder temp;
  const fs::path folder = temp.path() / "bundle";
  const auto written =
      WriteBundle(Contents(source, HeadKind::kEncoderDecoder), folder, FixedClock());
  ASSERT_TRUE(written.ok()) << written;
  const auto bundle = ModelBundle::Open(folder);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  const BundleManifest& manifest = (*bundle)->manifest();
  EXPECT_EQ(manifest.created, "2026-01-02T03:04:05Z");
  EXPECT_EQ(manifest.dtype, "F32");
  EXPECT_EQ(manifest.tokenizer_kind, "none");
  EXPECT_EQ(manifest.temperature, 1.5);
  EXPECT_EQ(manifest.files.size(), 3U);
  EXPECT_EQ((*bundle)->tokenizer(), nullptr);
  EXPECT_EQ((*bundle)->config().d_model, 32);
  EXPECT_FALSE((*bundle)->config().pooling.has_value());
  EXPECT_EQ((*bundle)->weights().tensors.size(), source.weights.tensors.size());
  ExpectSameTensors((*bundle)->weights().tensors, source.weights.tensors);
  // Names as transformers saves them: of the word matrix only model.shared.weight.
  const auto file = OpenCheckpoint(folder / "model.safetensors");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE((*file)->tensors().contains(kSharedWords));
  EXPECT_EQ((*file)->tensors().size(), 99U);
  const json config = json::parse(ReadFile(folder / "config.json", 1 << 20).value());
  EXPECT_EQ(config["architectures"][0], "MBartForSequenceClassification");
  EXPECT_EQ(config["num_beams"], 4);
}

TEST(ModelBundleTest, AnEncoderBundleStoresNoDecoder) {
  const Source source = TinyClassifier();
  const TempFolder temp;
  const fs::path folder = temp.path() / "bundle";
  ASSERT_TRUE(WriteBundle(Contents(source, HeadKind::kEncoder), folder).ok());
  const auto bundle = ModelBundle::Open(folder);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ((*bundle)->config().pooling, Pooling::kMax);
  EXPECT_FALSE((*bundle)->weights().has_decoder);
  ExpectSameTensors((*bundle)->weights().tensors, source.weights.tensors);
  const auto file = OpenCheckpoint(folder);
  ASSERT_TRUE(file.ok());
  for (const auto& [name, tensor] : (*file)->tensors()) {
    EXPECT_TRUE(name.starts_with("encoder.") || name.starts_with("classification_head.")) << name;
  }
}

TEST(ModelBundleTest, LeavesNothingBehindWhenTheContentsDoNotFit) {
  const Source source = TinyClassifier();
  const TempFolder temp;
  const auto attempt = [&](const std::function<void(BundleContents&)>& spoil) {
    BundleContents contents = Contents(source, HeadKind::kEncoder);
    spoil(contents);
    const absl::Status status = WriteBundle(contents, temp.path() / "bundle");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(fs::is_empty(temp.path()));
    return std::string(status.message());
  };
  EXPECT_THAT(attempt([](auto& c) { c.manifest.labels.pop_back(); }),
              HasSubstr("classification_head.out_proj.weight\" has shape [5, 32]"));
  EXPECT_THAT(attempt([](auto& c) { c.manifest.max_tokens = 129; }), HasSubstr("max_tokens"));
  EXPECT_THAT(attempt([](auto& c) { c.report_json = "[]"; }), HasSubstr("report"));
  EXPECT_THAT(attempt([](auto& c) {
                std::erase_if(c.weights, [](const auto& item) {
                  return item.first.starts_with("classification_head.");
                });
              }),
              HasSubstr("no classification head"));
}

TEST(ModelBundleTest, AReportForPeopleIsListedAndVerified) {
  const Source source = TinyClassifier();
  const TempFolder temp;
  const fs::path folder = temp.path() / "bundle";
  BundleContents contents = Contents(source, HeadKind::kEncoder);
  contents.report_html = "<!DOCTYPE html>";
  ASSERT_TRUE(WriteBundle(contents, folder).ok());
  const auto bundle = ModelBundle::Open(folder);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ((*bundle)->manifest().files.at("report.html").size, 15U);
  EXPECT_EQ(ReadFile(folder / "report.html", 1 << 20).value(), contents.report_html);
  std::ofstream(folder / "report.html", std::ios::app) << " ";
  EXPECT_EQ(ModelBundle::Open(folder).status().code(), absl::StatusCode::kDataLoss);
}

TEST(ModelBundleTest, NeverReplacesAFolder) {
  const Source source = TinyClassifier();
  const TempFolder temp;
  const BundleContents contents = Contents(source, HeadKind::kEncoder);
  ASSERT_TRUE(WriteBundle(contents, temp.path() / "bundle").ok());
  EXPECT_EQ(WriteBundle(contents, temp.path() / "bundle").code(), absl::StatusCode::kAlreadyExists);
}

// A good bundle for each test to damage.
class DamagedBundleTest : public ::testing::Test {
 protected:
  DamagedBundleTest() : folder_(temp_.path() / "bundle") {
    EXPECT_TRUE(WriteBundle(Contents(TinyClassifier(), HeadKind::kEncoderDecoder), folder_).ok());
  }
  std::string Read(const std::string& name) { return ReadFile(folder_ / name, 1 << 24).value(); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  // Changes a file and makes the manifest agree with it.
  void Rewrite(const std::string& name, const std::string& text) {
    Write(name, text);
    json manifest = json::parse(Read("manifest.json"));
    manifest["files"][name] = {{"sha256", Sha256Hex(text)}, {"size", text.size()}};
    Write("manifest.json", manifest.dump());
  }
  void ChangeManifest(const std::string& field, const json& value) {
    json manifest = json::parse(Read("manifest.json"));
    manifest[field] = value;
    Write("manifest.json", manifest.dump());
  }
  void ExpectRefused(absl::StatusCode code, const std::string& part) {
    const auto bundle = ModelBundle::Open(folder_);
    EXPECT_EQ(bundle.status().code(), code) << bundle.status();
    EXPECT_THAT(std::string(bundle.status().message()), HasSubstr(part));
  }

  const TempFolder temp_;
  const fs::path folder_;
};

TEST_F(DamagedBundleTest, OneFlippedBit) {
  std::string weights = Read("model.safetensors");
  weights[weights.size() / 2] = static_cast<char>(weights[weights.size() / 2] ^ 1);
  Write("model.safetensors", weights);
  ExpectRefused(absl::StatusCode::kDataLoss, "model.safetensors: its SHA-256 is");
}

TEST_F(DamagedBundleTest, ATruncatedFile) {
  const std::string report = Read("report.json");
  Write("report.json", report.substr(1));
  ExpectRefused(absl::StatusCode::kDataLoss, "report.json: 15 bytes, the manifest says 16");
}

TEST_F(DamagedBundleTest, AMissingFileAMissingManifestAMissingFolder) {
  fs::remove(folder_ / "config.json");
  ExpectRefused(absl::StatusCode::kDataLoss, "config.json: the file is missing");
  fs::remove(folder_ / "manifest.json");
  ExpectRefused(absl::StatusCode::kNotFound, "manifest.json");
  fs::remove_all(folder_);
  ExpectRefused(absl::StatusCode::kNotFound, "manifest.json");
}

TEST_F(DamagedBundleTest, AFileNobodyVouchesFor) {
  Write("sentencepiece.bpe.model", "x");
  ExpectRefused(absl::StatusCode::kInvalidArgument, "sentencepiece.bpe.model: the manifest does");
}

TEST_F(DamagedBundleTest, ALinkOutOfTheFolder) {
  fs::rename(folder_ / "model.safetensors", temp_.path() / "outside.safetensors");
  fs::create_symlink(temp_.path() / "outside.safetensors", folder_ / "model.safetensors");
  ExpectRefused(absl::StatusCode::kInvalidArgument, "model.safetensors: not a regular file");
}

TEST_F(DamagedBundleTest, ABrokenManifest) {
  Write("manifest.json", Read("manifest.json").substr(0, 200));
  ExpectRefused(absl::StatusCode::kInvalidArgument, "manifest.json: JSON");
}

TEST_F(DamagedBundleTest, AManifestWithoutTheWeights) {
  json files = json::parse(Read("manifest.json"))["files"];
  files.erase("model.safetensors");
  ChangeManifest("files", files);
  ExpectRefused(absl::StatusCode::kInvalidArgument, "model.safetensors is not listed");
}

TEST_F(DamagedBundleTest, OtherLabelsThanTheConfiguration) {
  json labels = json::parse(Read("manifest.json"))["labels"];
  labels.push_back("sixth");
  ChangeManifest("labels", labels);
  ExpectRefused(absl::StatusCode::kInvalidArgument, "config.json: id2label has 5 labels");
}

TEST_F(DamagedBundleTest, OneLabelMoreThanTheHeadHasRows) {
  json config = json::parse(Read("config.json"));
  config["id2label"]["5"] = "sixth";
  Rewrite("config.json", config.dump());
  json labels = json::parse(Read("manifest.json"))["labels"];
  labels.push_back("sixth");
  ChangeManifest("labels", labels);
  ExpectRefused(absl::StatusCode::kInvalidArgument,
                "model.safetensors: tensor \"classification_head.out_proj.weight\" has shape");
}

TEST_F(DamagedBundleTest, ShapesThatAreNotTheConfigurations) {
  json config = json::parse(Read("config.json"));
  config["vocab_size"] = 201;
  Rewrite("config.json", config.dump());
  ExpectRefused(absl::StatusCode::kInvalidArgument, "\"model.shared.weight\" has shape [200, 32]");
}

TEST_F(DamagedBundleTest, AHeadThatIsNotTheWeights) {
  ChangeManifest("head", "encoder");
  ChangeManifest("pooling", "mean");
  ExpectRefused(absl::StatusCode::kInvalidArgument, "config.json: its pooling does not fit");
  json config = json::parse(Read("config.json"));
  config["pooling"] = "mean";
  Rewrite("config.json", config.dump());
  ExpectRefused(absl::StatusCode::kInvalidArgument, "but the decoder is present");
}

TEST_F(DamagedBundleTest, MoreTokensThanPositions) {
  ChangeManifest("max_tokens", 129);
  ExpectRefused(absl::StatusCode::kInvalidArgument, "max_tokens is 129, but the model has 128");
}

TEST_F(DamagedBundleTest, ATokenizerThatIsNotThere) {
  ChangeManifest("tokenizer", "barthez");
  ExpectRefused(absl::StatusCode::kNotFound, "no tokenizer");
}

}  // namespace
}  // namespace guichet
