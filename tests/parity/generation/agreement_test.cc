// The cached decoder against the reference network on rows that part, are dropped and change
// places, over the library's attention as well as over our kernel.

#include <algorithm>
#include <cmath>
#include <numeric>

#include <c10/core/InferenceMode.h>

#include "base/random.h"
#include "model/inference/cached_decoder.h"
#include "tests/parity/generation/golden_generator.h"

namespace guichet {
namespace {

struct Models {
  BartConfig config;
  std::optional<LanguageModel> reference;
  PreparedWeights prepared;
};

Models RandomModels(BartConfig config, const RunOptions& run = {}) {
  Models models{
      .config = config, .reference = LanguageModel::Initialise(config, 3).value(), .prepared = {}};
  const ModelWeights weights = models.reference->Export();
  models.prepared = PrepareGenerator(weights, config, run).value();
  return models;
}

BartConfig SmallConfig(int width, int heads) {
  BartConfig config;
  config.vocab_size = 120;
  config.d_model = width;
  config.encoder_layers = config.decoder_layers = 2;
  config.encoder_attention_heads = config.decoder_attention_heads = heads;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 2 * width;
  config.max_position_embeddings = 64;
  config.init_std = 0.3;  // so that a wrong row changes the logits
  return config;
}

// What the rows of the next step continue: some parted, some dropped, those of an item together.
std::vector<std::size_t> NextSources(Random& random, const std::vector<std::size_t>& items) {
  std::vector<std::size_t> sources;
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin;
    while (end < items.size() && items[end] == items[begin]) ++end;
    const bool dropped = begin > 0 && random.Chance(0.1);
    for (int row = 0; !dropped && row < 3; ++row) {
      sources.push_back(begin + static_cast<std::size_t>(random.Below(end - begin)));
    }
    begin = end;
  }
  return sources;
}

// Between the logits of the two decoders over some steps.
struct Difference {
  float largest = 0.0F;
  double share = 0.0;  // mean difference / mean size of a logit
};

Difference CompareSteps(const Models& models, std::uint64_t seed) {
  Random random(seed);
  TokenRows items(4);
  for (auto& row : items) {
    row = {0};
    for (std::uint64_t t = random.Below(30); t > 0; --t) {
      row.push_back(4 + static_cast<TokenId>(random.Below(116)));
    }
    row.push_back(2);
  }
  const std::vector<std::span<const TokenId>> views(items.begin(), items.end());
  const PackedBatch batch =
      PackRows(views, {.vocabulary_size = 120, .max_tokens = 64, .end_id = 2}).value();
  const c10::InferenceMode no_autograd;
  const auto cached = MakeCachedDecoder(models.prepared, models.config, batch, at::kCPU);
  UncachedDecoder uncached(*models.reference, items);
  std::vector<std::size_t> sources(items.size());
  std::iota(sources.begin(), sources.end(), std::size_t{0});
  std::vector<std::size_t> row_items = sources;
  Difference difference;
  double apart = 0.0;
  double size = 0.0;
  for (int step = 0; step < 24; ++step) {
    std::vector<TokenId> tokens(sources.size());
    for (TokenId& token : tokens) token = static_cast<TokenId>(random.Below(120));
    const auto a = cached->Step(tokens, sources).value();
    const auto b = uncached.Step(tokens, sources).value();
    for (std::size_t i = 0; i < a.size(); ++i) {
      difference.largest = std::max(difference.largest, std::abs(a[i] - b[i]));
      apart += std::abs(a[i] - b[i]);
      size += std::abs(b[i]);
    }
    sources = NextSources(random, row_items);
    std::vector<std::size_t> next;
    for (const std::size_t source : sources) next.push_back(row_items[source]);
    row_items = std::move(next);
  }
  difference.share = apart / size;
  return difference;
}

TEST(CachedDecoderTest, EqualsTheReferenceOnRowsThatPartAndEnd) {
  const Models models = RandomModels(SmallConfig(48, 3));  // heads of 16: our kernel
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_LT(CompareSteps(models, seed).largest, 1e-4F) << seed;
  }
}

TEST(CachedDecoderTest, SoDoesTheLibrarysAttention) {
  const Models models = RandomModels(SmallConfig(36, 3));  // heads of 12, not whole vectors
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_LT(CompareSteps(models, seed).largest, 1e-4F) << seed;
  }
}

TEST(CachedDecoderTest, ScaledAndUntiedWordsReachTheHead) {
  BartConfig config = SmallConfig(48, 3);
  config.scale_embedding = true;
  EXPECT_LT(CompareSteps(RandomModels(config), 1).largest, 1e-4F);
  config.tie_word_embeddings = false;
  EXPECT_LT(CompareSteps(RandomModels(config), 2).largest, 1e-4F);
}

// Other types take the library's operators. They round: the bounds are far below the difference
// that a wrong row makes, which is of the logits' own size.
TEST(CachedDecoderTest, OtherTypesComeNear) {
  RunOptions run;
  run.type = at::kBFloat16;
  const double bf16 = CompareSteps(RandomModels(SmallConfig(48, 3), run), 1).share;
  run = {};
  run.int8 = true;
  const double int8 = CompareSteps(RandomModels(SmallConfig(48, 3), run), 1).share;
  for (const double share : {bf16, int8}) {
    EXPECT_LT(share, 0.05);
    EXPECT_GT(share, 1e-5) << "computed in fp32";
  }
}

}  // namespace
}  // namespace guichet
