// The serving path against Hugging Face's logits, for every checkpoint form, head and pooling.

#include <algorithm>

#include "model/inference/prediction.h"
#include "tests/parity/inference/golden_model.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using Matrix = std::vector<std::vector<float>>;
constexpr float kTolerance = 1e-4F;

const std::filesystem::path& Classifier() {
  static const auto folder = UnpackTestArchive("goldens/tiny_classifier.tar.xz");
  return folder;
}

const nlohmann::json& ClassifierGoldens() {
  static const nlohmann::json goldens = ReadJson(Classifier() / "goldens.json");
  return goldens;
}

// A hole in the mask hides a position that still counts; packed rows have no such thing.
bool HasHole(const nlohmann::json& test_case) { return test_case["name"] == "mask_with_holes"; }

TEST(PackedParity, EncoderDecoderLogitsEqualHuggingFace) {
  const auto classifier = LoadGolden(Classifier() / "safetensors", std::nullopt);
  int cases = 0;
  for (const auto& test_case : ClassifierGoldens()["cases"]) {
    if (HasHole(test_case)) continue;
    const auto logits = Logits(*classifier, VisibleRows(test_case));
    ASSERT_TRUE(logits.ok()) << logits.status();
    ExpectNear(*logits, test_case["logits"].get<Matrix>(), kTolerance, test_case["name"]);
    for (std::size_t r = 0; r < logits->size(); ++r) {
      const auto& row = (*logits)[r];
      EXPECT_EQ(std::max_element(row.begin(), row.end()) - row.begin(), test_case["argmax"][r]);
    }
    ++cases;
  }
  EXPECT_GT(cases, 20);
}

TEST(PackedParity, EveryCheckpointFormGivesItsLogits) {
  int forms = 0;
  for (const auto& [name, variant] : ClassifierGoldens()["variants"].items()) {
    if (variant["expect"] == "pooled") continue;  // no head: its logits are anybody's
    const auto& cases = ClassifierGoldens()["cases"];
    const auto test_case = std::find_if(cases.begin(), cases.end(), [&](const auto& candidate) {
      return candidate["name"] == variant["case"];
    });
    ASSERT_NE(test_case, cases.end());
    const auto& expected = variant["expect"] == "own_logits" ? variant : *test_case;
    const auto classifier = LoadGolden(Classifier() / name, std::nullopt);
    const auto logits = Logits(*classifier, VisibleRows(*test_case));
    ASSERT_TRUE(logits.ok()) << logits.status();
    ExpectNear(*logits, expected["logits"].get<Matrix>(), kTolerance, name);
    ++forms;
  }
  EXPECT_GE(forms, 10);
}

TEST(PackedParity, EncoderOnlyLogitsEqualTheGoldensForEveryPooling) {
  const auto folder = UnpackTestArchive("goldens/tiny_encoder_classifier.tar.xz");
  const nlohmann::json goldens = ReadJson(folder / "goldens.json");
  const std::vector<std::pair<Pooling, std::string>> poolings = {{Pooling::kMean, "mean"},
                                                                 {Pooling::kFirst, "first"},
                                                                 {Pooling::kLastEos, "last_eos"},
                                                                 {Pooling::kMax, "max"}};
  for (const auto& [pooling, name] : poolings) {
    const auto classifier = LoadGolden(folder / "checkpoint", pooling);
    for (const auto& test_case : goldens["cases"]) {
      if (HasHole(test_case)) continue;
      const auto logits = Logits(*classifier, VisibleRows(test_case));
      ASSERT_TRUE(logits.ok()) << logits.status();
      ExpectNear(*logits, test_case[name]["logits"].get<Matrix>(), kTolerance,
                 name + " " + test_case["name"].get<std::string>());
    }
  }
}

TEST(PackedParity, RefusesRowsTheModelCannotRead) {
  const auto classifier = LoadGolden(Classifier() / "safetensors", std::nullopt);
  const std::vector<std::string> own = {"no_eos", "too_long", "id_range"};
  int refused = 0;
  for (const auto& error : ClassifierGoldens()["errors"]) {
    if (std::find(own.begin(), own.end(), error["reason"]) == own.end()) continue;
    const auto logits = Logits(*classifier, error["input_ids"].get<TokenRows>());
    EXPECT_EQ(logits.status().code(), absl::StatusCode::kInvalidArgument) << error["reason"];
    EXPECT_NE(logits.status().message().find("row 0"), std::string::npos) << logits.status();
    ++refused;
  }
  EXPECT_GE(refused, 3);
  EXPECT_EQ(Logits(*classifier, {{}}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PackedParity, ReducedTypesStayNear) {
  const auto folder = UnpackTestArchive("goldens/tiny_encoder_classifier.tar.xz");
  const nlohmann::json goldens = ReadJson(folder / "goldens.json");
  for (const std::string dtype : {"bf16", "int8"}) {
    const auto classifier = LoadGolden(folder / "checkpoint", Pooling::kMean, dtype);
    EXPECT_EQ(classifier->dtype(), dtype);
    double error = 0;
    double scale = 0;
    for (const auto& test_case : goldens["cases"]) {
      if (HasHole(test_case)) continue;
      const auto logits = Logits(*classifier, VisibleRows(test_case));
      ASSERT_TRUE(logits.ok()) << logits.status();
      const auto expected = test_case["mean"]["logits"].get<Matrix>();
      for (std::size_t r = 0; r < expected.size(); ++r) {
        for (std::size_t k = 0; k < expected[r].size(); ++k) {
          error += std::abs(expected[r][k] - (*logits)[r][k]);
          scale += std::abs(expected[r][k]);
        }
      }
    }
    EXPECT_LT(error / scale, 0.1)
        << dtype;  // large random weights: the error of a real model is far smaller
    EXPECT_GT(error, 0.0) << dtype << " ran in fp32";
  }
}

TEST(PackedParity, TextToLabelEqualsHuggingFace) {
  const auto folder = UnpackTestArchive("goldens/tiny_e2e.tar.xz");
  const nlohmann::json goldens = ReadJson(folder / "goldens.json");
  const auto bundle_folder = folder / "bundle";
  std::filesystem::copy_file(
      std::filesystem::path(GUICHET_SOURCE_DIR) / "examples/barthez/sentencepiece.bpe.model",
      folder / "model/sentencepiece.bpe.model", std::filesystem::copy_options::skip_existing);
  const auto warnings = ImportBundle(folder / "model", bundle_folder, {});
  ASSERT_TRUE(warnings.ok()) << warnings.status();
  const auto bundle = ModelBundle::Open(bundle_folder);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  const auto classifier = LoadTextClassifier(**bundle, {});
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  int encoded = 0;
  for (const auto& row : goldens["rows"]) {
    const auto text = row["text"].get<std::string>();
    SCOPED_TRACE(text);
    const auto ids = row["ids"].get<std::vector<TokenId>>();
    const auto logits = Logits(**classifier, {ids});
    ASSERT_TRUE(logits.ok()) << logits.status();
    ExpectNear(*logits, {row["logits"].get<std::vector<float>>()}, kTolerance, text);
    const Prediction prediction =
        MakePrediction(logits->front(), (*classifier)->manifest(), {.top_k = 1, .min_score = 0});
    const auto probabilities = row["probabilities"].get<std::vector<float>>();
    EXPECT_EQ((*classifier)->labels()[static_cast<std::size_t>(prediction.scores[0].label)],
              row["label"].get<std::string>());
    EXPECT_NEAR(prediction.scores[0].score, std::ranges::max(probabilities), kTolerance);
    // Special strings in texts are ordinary text here, and the goldens were cut at 256 tokens.
    if (text.find('<') != std::string::npos || ids.size() > 250) continue;
    const auto encoding = (*classifier)->Encode(text);
    ASSERT_TRUE(encoding.ok()) << encoding.status();
    EXPECT_EQ(encoding->ids, ids);
    ++encoded;
  }
  EXPECT_GT(encoded, 30);
}

}  // namespace
}  // namespace guichet
