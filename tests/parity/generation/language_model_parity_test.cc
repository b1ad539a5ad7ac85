// Teacher forcing and shift_tokens_right of MBartForConditionalGeneration.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "model/generation/fill_masks.h"
#include "tests/parity/generation/golden_generator.h"
#include "tests/support/golden_batch.h"

namespace guichet {
namespace {

using nlohmann::json;

TEST(LanguageModelParityTest, TeacherForcing) {
  const json& golden = GeneratorGoldens().at("teacher_forcing");
  const auto loaded = LoadGeneratorFolder(GeneratorFolder() / "model");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto model = LanguageModel::Load(loaded->config, loaded->weights);
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<TokenId> decoder_ids;
  for (const auto& row : golden.at("decoder_input_ids").get<TokenRows>()) {
    decoder_ids.insert(decoder_ids.end(), row.begin(), row.end());
  }
  const auto logits = model->Logits(GoldenBatch(golden), decoder_ids);
  ASSERT_TRUE(logits.ok()) << logits.status();
  const std::vector<float> first = Flatten(golden.at("logits_row_0"));
  EXPECT_LT(LargestDifference(std::span(*logits).first(first.size()), first), 1e-4F);

  const std::size_t vocabulary = logits->size() / decoder_ids.size();
  double loss = 0.0;
  int counted = 0;
  std::size_t position = 0;
  for (const json& row : golden.at("labels")) {
    for (const int label : row) {
      const auto scores = std::span(*logits).subspan(position++ * vocabulary, vocabulary);
      if (label == -100) continue;
      double sum = 0.0;
      for (const float score : scores) sum += std::exp(static_cast<double>(score));
      loss += std::log(sum) - scores[static_cast<std::size_t>(label)];
      ++counted;
    }
  }
  EXPECT_NEAR(loss / counted, golden.at("loss").get<double>(), 1e-4);
}

TEST(LanguageModelParityTest, ShiftTokensRight) {
  int rows = 0;
  for (const json& golden : GeneratorGoldens().at("shift_tokens_right")) {
    auto input = golden.at("input").get<TokenRows>();
    const auto output = golden.at("output").get<TokenRows>();
    for (std::size_t i = 0; i < input.size(); ++i) {
      std::ranges::replace(input[i], -100, 1);  // as the collator's padding of labels
      EXPECT_EQ(ShiftTokensRight(input[i], 1), output[i]);
      ++rows;
    }
  }
  EXPECT_GE(rows, 7);
}

// The body of the golden classifier with a head of its own: the last logits of one row, by the
// reference and step by step with the cache.
TEST(LanguageModelParityTest, LogitsOfAGenerationCheckpoint) {
  const std::filesystem::path folder = UnpackTestArchive("goldens/tiny_classifier.tar.xz");
  const json goldens = ReadJsonFile(folder / "goldens.json");
  const json& expected = goldens.at("variants").at("generation").at("lm_logits_row1_last4");
  const auto loaded = LoadGeneratorFolder(folder / "generation");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto model = LanguageModel::Load(loaded->config, loaded->weights);
  ASSERT_TRUE(model.ok()) << model.status();
  for (const json& golden : goldens.at("cases")) {
    if (golden.at("name") != "padded_longest") continue;
    const PaddedBatch batch = GoldenBatch(golden);
    std::vector<TokenId> decoder_ids;
    for (int row = 0; row < batch.rows; ++row) {
      const std::vector<TokenId> shifted = ShiftTokensRight(batch.Row(row), 1);
      decoder_ids.insert(decoder_ids.end(), shifted.begin(), shifted.end());
    }
    const auto logits = model->Logits(batch, decoder_ids);
    ASSERT_TRUE(logits.ok()) << logits.status();
    const std::vector<float> values = Flatten(expected);
    const std::size_t end = logits->size() / static_cast<std::size_t>(batch.rows) * 2;
    EXPECT_LT(
        LargestDifference(std::span(*logits).subspan(end - values.size(), values.size()), values),
        1e-4F);
    return;
  }
  FAIL() << "no golden case padded_longest";
}

// A mask's tokens are those of the whole row's logits at its place, with the row shifted right as
// decoder input.
TEST(FillMasksTest, AreTheReferencesLogitsAtTheMasks) {
  constexpr TokenId kMask = 77;
  const auto loaded = LoadGeneratorFolder(GeneratorFolder() / "model");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto model = LanguageModel::Load(loaded->config, loaded->weights);
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<TokenId> ids = {0, 15, kMask, 31, 8, kMask, 99, 2};
  const std::vector<std::span<const TokenId>> views = {ids};
  const auto logits = model->Logits(PadRows(views, 1), ShiftTokensRight(ids, 1));
  ASSERT_TRUE(logits.ok()) << logits.status();
  UncachedDecoder decoder(*model, {ids});
  const auto masks = FillMasks(decoder, ids, kMask, 4);
  ASSERT_TRUE(masks.ok()) << masks.status();
  ASSERT_EQ(masks->size(), 2U);
  EXPECT_EQ((*masks)[0].position, 2U);
  EXPECT_EQ((*masks)[1].position, 5U);
  for (const FilledMask& mask : *masks) {
    const auto scores = std::span(*logits).subspan(mask.position * 200, 200);
    double sum = 0.0;
    for (const float score : scores) sum += std::exp(static_cast<double>(score));
    ASSERT_EQ(mask.tokens.size(), 4U);
    EXPECT_EQ(mask.tokens[0].id, std::ranges::max_element(scores) - scores.begin());
    for (const ExpectedToken& token : mask.tokens) {
      const double score = scores[static_cast<std::size_t>(token.id)];
      EXPECT_NEAR(token.probability, std::exp(score) / sum, 1e-5);
    }
  }
}

TEST(LanguageModelTest, RefusesDecoderIdsThatDoNotFit) {
  const auto loaded = LoadGeneratorFolder(GeneratorFolder() / "model");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto model = LanguageModel::Load(loaded->config, loaded->weights);
  ASSERT_TRUE(model.ok()) << model.status();
  const TokenRows rows = {{0, 5, 2}, {0, 6, 7, 2}};
  const std::vector<std::span<const TokenId>> views(rows.begin(), rows.end());
  const PaddedBatch batch = PadRows(views, 1);
  EXPECT_TRUE(model->Logits(batch, std::vector<TokenId>{2, 2}).ok());
  for (const auto& ids : TokenRows{{}, {2}, {2, 200}, {2, -1}, std::vector<TokenId>(2 * 129, 5)}) {
    EXPECT_EQ(model->Logits(batch, ids).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace guichet
