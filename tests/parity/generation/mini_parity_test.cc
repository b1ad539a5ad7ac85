// guichet-mini, the pre-trained model that comes along, read by transformers: its ids, its loss,
// what it writes.

#include <cmath>
#include <filesystem>

#include "model/checkpoint/checkpoint.h"
#include "model/inference/text_generator.h"
#include "model/network/owned_tensors.h"
#include "model/text/built_in_tokenizer.h"
#include "tests/parity/generation/golden_generator.h"

namespace guichet {
namespace {

using nlohmann::json;

const std::filesystem::path& Folder() {
  static const std::filesystem::path folder = BuiltInFolder("guichet-mini").value();
  return folder;
}

const json& Goldens() {
  static const json goldens =
      ReadJsonFile(std::filesystem::path(GUICHET_SOURCE_DIR) / "tests/data/goldens/mini.json");
  return goldens;
}

const TextGenerator& Generator() {
  static const auto generator =
      LoadTextGenerator(Folder(), {.device = "cpu", .dtype = "fp32"}).value();
  return *generator;
}

TEST(MiniParityTest, ItsWeightsAreThoseOfItsManifest) {
  const json manifest = ReadJsonFile(Folder() / "pretraining.json");
  const auto checkpoint = OpenCheckpoint(Folder());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(HashWeights((*checkpoint)->tensors()).value(), manifest.at("weights_sha256"));
}

TEST(MiniParityTest, TheSameIds) {
  for (const json& golden : Goldens().at("cases")) {
    EXPECT_EQ(Generator().Encode(golden.at("masked").get<std::string>()).value(),
              golden.at("ids").get<std::vector<TokenId>>());
  }
}

TEST(MiniParityTest, TheSameLogitsAndLoss) {
  const auto loaded = LoadGeneratorFolder(Folder());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto model = LanguageModel::Load(loaded->config, loaded->weights);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto stride = Goldens().at("stride").get<std::size_t>();
  for (const json& golden : Goldens().at("cases")) {
    SCOPED_TRACE(golden.at("text"));
    const auto ids = golden.at("ids").get<std::vector<TokenId>>();
    const auto target = golden.at("target").get<std::vector<TokenId>>();
    std::vector<TokenId> decoder_ids = {loaded->config.decoder_start_token_id};
    decoder_ids.insert(decoder_ids.end(), target.begin(), target.end() - 1);
    const std::vector<std::span<const TokenId>> rows = {ids};
    const auto logits = model->Logits(PadRows(rows, /*padding=*/1), decoder_ids);
    ASSERT_TRUE(logits.ok()) << logits.status();
    const std::size_t vocabulary = logits->size() / decoder_ids.size();
    double loss = 0;
    for (std::size_t position = 0; position < target.size(); ++position) {
      const auto scores = std::span(*logits).subspan(position * vocabulary, vocabulary);
      double sum = 0;
      for (const float score : scores) sum += std::exp(static_cast<double>(score));
      loss += std::log(sum) - scores[static_cast<std::size_t>(target[position])];
    }
    EXPECT_NEAR(loss / static_cast<double>(target.size()), golden.at("loss").get<double>(), 1e-4);
    const auto last = std::span(*logits).last(vocabulary);
    const auto expected = golden.at("last_logits").get<std::vector<float>>();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(last[i * stride], expected[i], 1e-4) << "token " << i * stride;
    }
  }
}

TEST(MiniParityTest, TheSameSequences) {
  GenerationOptions options = Generator().defaults();
  options.max_length = Goldens().at("max_length");
  for (const json& golden : Goldens().at("cases")) {
    SCOPED_TRACE(golden.at("text"));
    const auto ids = golden.at("ids").get<std::vector<TokenId>>();
    const auto results = Generator().Generate(std::vector<GenerationInput>{{ids, 0}}, options);
    ASSERT_TRUE(results.ok()) << results.status();
    EXPECT_EQ(results->front().front().ids, golden.at("sequence").get<std::vector<TokenId>>());
    EXPECT_NEAR(results->front().front().score, golden.at("score").get<double>(), 1e-4);
  }
}

}  // namespace
}  // namespace guichet
