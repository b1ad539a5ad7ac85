// The two implementations of the network agree on random batches, and rows do not feel their
// neighbours.

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "model/network/sequence_classifier.h"
#include "tests/parity/inference/golden_model.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

constexpr int kBatches = 250;  // for each of the four models below: 1,000 in all

// 1 to 12 rows of 2 to 40 tokens: <s>, words, </s>. Now and then a row over the small attention
// kernel's bound.
TokenRows RandomRows(Random& random, int vocabulary, int longest) {
  TokenRows rows(1 + random.Below(12));
  for (auto& row : rows) {
    const auto length = static_cast<std::size_t>(
        random.Chance(0.02) ? longest : 2 + static_cast<int>(random.Below(39)));
    row.assign(length, 0);
    for (std::size_t t = 1; t + 1 < length; ++t) {
      row[t] = 4 + static_cast<TokenId>(random.Below(static_cast<std::uint64_t>(vocabulary - 4)));
    }
    row.back() = 2;
  }
  return rows;
}

float LargestDifference(const std::vector<float>& a, const float* b) {
  float largest = 0;
  for (std::size_t k = 0; k < a.size(); ++k) largest = std::max(largest, std::abs(a[k] - b[k]));
  return largest;
}

class AgreementTest : public testing::TestWithParam<std::optional<Pooling>> {
 protected:
  static std::filesystem::path Folder() {
    return GetParam() ? UnpackTestArchive("goldens/tiny_encoder_classifier.tar.xz") / "checkpoint"
                      : UnpackTestArchive("goldens/tiny_classifier.tar.xz") / "safetensors";
  }
};

TEST_P(AgreementTest, PackedEqualsPaddedOnRandomBatches) {
  const auto bundle = OpenGolden(Folder(), GetParam());
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  BartConfig config = (*bundle)->config();
  config.pooling = GetParam();
  const auto padded = SequenceClassifier::Load(config, (*bundle)->weights(), 1);
  ASSERT_TRUE(padded.ok()) << padded.status();
  const auto packed = LoadGolden(Folder(), GetParam());
  Random random(7);
  float largest = 0;
  for (int i = 0; i < kBatches; ++i) {
    const TokenRows rows = RandomRows(random, config.vocab_size, config.max_position_embeddings);
    const std::vector<std::span<const TokenId>> views(rows.begin(), rows.end());
    const auto expected = padded->Forward(PadRows(views, config.pad_token_id));
    ASSERT_TRUE(expected.ok()) << expected.status();
    const auto actual = packed->Logits(views);
    ASSERT_TRUE(actual.ok()) << actual.status();
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const float* row = expected->logits.data() + r * config.labels.size();
      largest = std::max(largest, LargestDifference((*actual)[r], row));
    }
  }
  EXPECT_LE(largest, 1e-4F);
}

TEST_P(AgreementTest, RowsDoNotFeelTheirNeighbours) {
  const auto packed = LoadGolden(Folder(), GetParam());
  Random random(11);
  float largest = 0;
  for (int i = 0; i < 50; ++i) {
    const TokenRows rows = RandomRows(random, 200, 128);
    const auto together = Logits(*packed, rows);
    ASSERT_TRUE(together.ok()) << together.status();
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto alone = Logits(*packed, {rows[r]});
      ASSERT_TRUE(alone.ok()) << alone.status();
      largest = std::max(largest, LargestDifference((*together)[r], (*alone)[0].data()));
    }
  }
  EXPECT_LE(largest, 1e-5F);
}

INSTANTIATE_TEST_SUITE_P(Models, AgreementTest,
                         testing::Values(std::nullopt, Pooling::kMean, Pooling::kLastEos,
                                         Pooling::kMax),
                         [](const auto& instance) -> std::string {
                           if (!instance.param) return "EncoderDecoder";
                           return *instance.param == Pooling::kMean  ? "Mean"
                                  : *instance.param == Pooling::kMax ? "Max"
                                                                     : "LastEos";
                         });

}  // namespace
}  // namespace guichet
