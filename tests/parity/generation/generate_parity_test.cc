// Sequences and scores of transformers' generate(), with the cache of the serving path and without.

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "model/generation/generation_config.h"
#include "model/generation/logits_processors.h"
#include "model/generation/sampling.h"
#include "model/inference/text_generator.h"
#include "tests/parity/generation/golden_generator.h"

namespace guichet {
namespace {

using nlohmann::json;
using Results = std::vector<std::vector<GeneratedSequence>>;

const TextGenerator& Generator() {
  static const auto generator =
      LoadTextGenerator(GeneratorFolder() / "model", {.device = "cpu", .dtype = "fp32"}).value();
  return *generator;
}

const LanguageModel& Reference() {
  static const auto loaded = LoadGeneratorFolder(GeneratorFolder() / "model").value();
  static const auto model = LanguageModel::Load(loaded.config, loaded.weights).value();
  return model;
}

absl::StatusOr<Results> GenerateCached(const TokenRows& rows, const GenerationOptions& options) {
  std::vector<GenerationInput> inputs;
  for (const auto& row : rows) inputs.push_back({row, inputs.size()});
  return Generator().Generate(inputs, options);
}

absl::StatusOr<Results> GenerateUncached(const TokenRows& rows, const GenerationOptions& options) {
  UncachedDecoder decoder(Reference(), rows);
  std::vector<std::uint64_t> streams;
  for (std::size_t i = 0; i < rows.size(); ++i) streams.push_back(i);
  return Generate(decoder, streams, options);
}

void ExpectGolden(const absl::StatusOr<Results>& results, const json& golden) {
  ASSERT_TRUE(results.ok()) << results.status();
  const TokenRows sequences = WithoutPadding(golden.at("sequences"));
  std::vector<GeneratedSequence> flat;
  for (const auto& item : *results) flat.insert(flat.end(), item.begin(), item.end());
  ASSERT_EQ(flat.size(), sequences.size());
  for (std::size_t i = 0; i < flat.size(); ++i) {
    EXPECT_EQ(flat[i].ids, sequences[i]) << "sequence " << i;
    if (golden.at("sequences_scores").is_null()) continue;
    const double score = golden.at("sequences_scores")[i];
    EXPECT_NEAR(flat[i].score, score, 1e-4 + 1e-5 * std::abs(score)) << "sequence " << i;
  }
}

TEST(GenerateParityTest, EveryGoldenCaseWithTheCache) {
  ASSERT_EQ(GeneratorGoldens().at("cases").size(), 52U);
  for (const json& golden : GeneratorGoldens().at("cases")) {
    SCOPED_TRACE(golden.at("name"));
    const auto options = GoldenOptions(golden.at("options"), Generator().defaults());
    ExpectGolden(GenerateCached(WithoutPadding(golden.at("input_ids")), options), golden);
  }
}

TEST(GenerateParityTest, EveryGoldenCaseWithoutTheCache) {
  for (const json& golden : GeneratorGoldens().at("cases")) {
    SCOPED_TRACE(golden.at("name"));
    const auto options = GoldenOptions(golden.at("options"), Generator().defaults());
    ExpectGolden(GenerateUncached(WithoutPadding(golden.at("input_ids")), options), golden);
  }
}

TEST(GenerateParityTest, AnItemsResultDoesNotDependOnItsBatch) {
  for (const json& golden : GeneratorGoldens().at("cases")) {
    SCOPED_TRACE(golden.at("name"));
    const auto options = GoldenOptions(golden.at("options"), Generator().defaults());
    const TokenRows rows = WithoutPadding(golden.at("input_ids"));
    const TokenRows sequences = WithoutPadding(golden.at("sequences"));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto alone = GenerateCached({rows[i]}, options);
      ASSERT_TRUE(alone.ok()) << alone.status();
      for (std::size_t s = 0; s < alone->front().size(); ++s) {
        EXPECT_EQ(alone->front()[s].ids, sequences[i * alone->front().size() + s]);
      }
    }
  }
}

// All names of the words, or one alias alone: the same model.
TEST(GenerateParityTest, EveryFormOfTheCheckpointWrites) {
  const std::filesystem::path goldens = UnpackTestArchive("goldens/tiny_classifier.tar.xz");
  std::vector<std::vector<TokenId>> written;
  for (const char* name : {"generation", "alias_lm_head"}) {
    const auto generator = LoadTextGenerator(goldens / name, {.device = "cpu", .dtype = "fp32"});
    ASSERT_TRUE(generator.ok()) << name << ": " << generator.status();
    const std::vector<TokenId> row = {0, 17, 45, 99, 2};
    const auto results =
        (*generator)->Generate(std::vector<GenerationInput>{{row, 0}}, (*generator)->defaults());
    ASSERT_TRUE(results.ok()) << name << ": " << results.status();
    written.push_back(results->front().front().ids);
  }
  EXPECT_EQ(written[0], written[1]);
  // The base model has no head: the tied words are one, with no bias.
  const auto base = LoadTextGenerator(goldens / "base_model", {.device = "cpu", .dtype = "fp32"});
  EXPECT_TRUE(base.ok()) << base.status();
}

TEST(GenerateParityTest, TheModelsFolderSetsTheDefaults) {
  const GenerationOptions& defaults = Generator().defaults();
  EXPECT_EQ(defaults.num_beams, 4);
  EXPECT_EQ(defaults.early_stopping, EarlyStopping::kTrue);
  EXPECT_EQ(defaults.no_repeat_ngram_size, 3);
  EXPECT_EQ(defaults.forced_eos_token_id, 2);
  EXPECT_EQ(defaults.decoder_start_token_id, 2);
  EXPECT_EQ(defaults.max_length, 20);
}

// What each option does to these inputs the goldens' `binding` says; a search that ignored one
// would still have to change here.
TEST(GenerateParityTest, OptionsThatBindChangeTheResult) {
  const std::map<std::string, json> neutral = {{"no_repeat_ngram_size", 0},
                                               {"repetition_penalty", 1.0},
                                               {"min_length", 0},
                                               {"bad_words_ids", json::array()},
                                               {"length_penalty", 1.0}};
  int changed = 0;
  for (const json& golden : GeneratorGoldens().at("cases")) {
    if (!golden.contains("binding")) continue;
    for (const std::string key : golden.at("binding")) {
      if (!neutral.contains(key)) continue;
      SCOPED_TRACE(golden.at("name").get<std::string>() + " without " + key);
      json options = golden.at("options");
      options[key] = neutral.at(key);
      const auto results = GenerateCached(WithoutPadding(golden.at("input_ids")),
                                          GoldenOptions(options, Generator().defaults()));
      ASSERT_TRUE(results.ok()) << results.status();
      TokenRows flat;
      for (const auto& item : *results) {
        for (const auto& sequence : item) flat.push_back(sequence.ids);
      }
      EXPECT_NE(flat, WithoutPadding(golden.at("sequences")));
      ++changed;
    }
  }
  EXPECT_GT(changed, 20);
}

TEST(SamplingParityTest, FilteredProbabilitiesAreThoseOfTheWarpers) {
  ASSERT_EQ(GeneratorGoldens().at("sampling").size(), 15U);
  for (const json& golden : GeneratorGoldens().at("sampling")) {
    SCOPED_TRACE(golden.at("options").dump());
    GenerationOptions plain;
    plain.max_length = 40;
    const GenerationOptions options = GoldenOptions(golden.at("options"), plain);
    const auto prefix = golden.at("decoder_prefix").get<std::vector<TokenId>>();
    UncachedDecoder decoder(Reference(), {golden.at("input_ids").get<std::vector<TokenId>>()});
    absl::StatusOr<std::span<float>> scores;
    for (const TokenId token : prefix) {
      scores = decoder.Step(std::vector<TokenId>{token}, std::vector<std::size_t>{0});
      ASSERT_TRUE(scores.ok()) << scores.status();
    }
    ProcessScores(options, prefix, *scores);
    FilterForSampling(options, /*least_kept=*/1, *scores);
    const std::vector<float> probabilities = Probabilities(*scores);
    const auto kept =
        std::ranges::count_if(probabilities, [](float probability) { return probability > 0; });
    EXPECT_EQ(kept, golden.at("kept").get<std::ptrdiff_t>());
    for (const json& pair : golden.at("probabilities")) {
      EXPECT_NEAR(probabilities[pair[0].get<std::size_t>()], pair[1].get<double>(), 1e-5);
    }
  }
}

TEST(SamplingParityTest, ASeedGivesTheSameSamplesInEveryBatch) {
  const TokenRows rows = WithoutPadding(GeneratorGoldens().at("cases")[1].at("input_ids"));
  for (const int beams : {1, 3}) {
    GenerationOptions options = Generator().defaults();
    options.do_sample = true;
    options.num_beams = beams;
    options.num_return_sequences = 2;
    options.seed = 5;
    const auto together = GenerateCached(rows, options);
    ASSERT_TRUE(together.ok()) << together.status();
    const auto again = GenerateUncached(rows, options);
    ASSERT_TRUE(again.ok()) << again.status();
    options.seed = 6;
    const auto other = GenerateCached(rows, options);
    ASSERT_TRUE(other.ok()) << other.status();
    bool differs = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t s = 0; s < 2; ++s) {
        EXPECT_EQ((*together)[i][s].ids, (*again)[i][s].ids) << beams << " beams";
        differs |= (*together)[i][s].ids != (*other)[i][s].ids;
      }
      options.seed = 5;
      const auto alone = Generator().Generate(std::vector<GenerationInput>{{rows[i], i}}, options);
      ASSERT_TRUE(alone.ok()) << alone.status();
      EXPECT_EQ(alone->front()[1].ids, (*together)[i][1].ids);
      options.seed = 6;
    }
    EXPECT_TRUE(differs) << "the seed is not heeded";
    EXPECT_NE((*together)[0][0].ids, (*together)[0][1].ids) << "two samples are one";
  }
}

}  // namespace
}  // namespace guichet
