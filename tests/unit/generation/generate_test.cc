#include "model/generation/generate.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The loops around a decoder that is a table: what follows depends on the last token alone.

namespace guichet {
namespace {

using testing::ElementsAre;
using Tokens = std::vector<TokenId>;

constexpr std::size_t kVocabulary = 200;

// After token t comes t + 1, or t + 11 nearly as likely; after each multiple of five the end.
class TableDecoder final : public StepDecoder {
 public:
  absl::StatusOr<std::span<float>> Step(std::span<const TokenId> tokens,
                                        std::span<const std::size_t> sources) override {
    rows.push_back(tokens.size());
    largest_source.push_back(*std::ranges::max_element(sources));
    logits_.assign(tokens.size() * kVocabulary, -20.0F);
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      const auto token = static_cast<std::size_t>(tokens[row]);
      float* scores = logits_.data() + row * kVocabulary;
      scores[(token + 1) % kVocabulary] = 0.0F;
      scores[(token + 11) % kVocabulary] = -0.5F;
      if (token % 5 == 0) scores[2] = 1.0F;
    }
    return std::span(logits_);
  }

  std::vector<std::size_t> rows;            // of each step
  std::vector<std::size_t> largest_source;  // of each step

 private:
  std::vector<float> logits_;
};

std::vector<std::uint64_t> Items(std::size_t count) { return std::vector<std::uint64_t>(count, 0); }

TEST(GenerateTest, GreedyTakesTheLikeliestUntilTheEnd) {
  TableDecoder decoder;
  const auto results = Generate(decoder, Items(2), {});
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 2U);
  EXPECT_EQ((*results)[0][0].ids, (Tokens{2, 3, 4, 5, 2}));
  EXPECT_EQ((*results)[1][0].ids, (Tokens{2, 3, 4, 5, 2}));
  EXPECT_LT((*results)[0][0].score, 0.0);
  EXPECT_GT((*results)[0][0].score, -1.0);
}

TEST(GenerateTest, MaxLengthEndsARow) {
  TableDecoder decoder;
  GenerationOptions options;
  options.max_length = 3;
  const auto results = Generate(decoder, Items(1), options);
  ASSERT_TRUE(results.ok());
  EXPECT_EQ((*results)[0][0].ids, (Tokens{2, 3, 4}));
  EXPECT_EQ(decoder.rows.size(), 2U);
}

TEST(GenerateTest, TheObserverHearsEveryTokenInOrder) {
  TableDecoder decoder;
  Tokens heard;
  const auto results = Generate(decoder, Items(1), {}, [&](std::span<const NewToken> tokens) {
    for (const NewToken& token : tokens) heard.push_back(token.id);
    return true;
  });
  ASSERT_TRUE(results.ok());
  EXPECT_THAT(heard, ElementsAre(3, 4, 5, 2));
}

TEST(GenerateTest, TheObserverMayEndIt) {
  for (const int beams : {1, 3}) {
    TableDecoder decoder;
    GenerationOptions options;
    options.num_beams = beams;
    int steps = 0;
    const auto results = Generate(decoder, Items(1), options,
                                  [&](std::span<const NewToken>) { return ++steps < 2; });
    EXPECT_EQ(results.status().code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(decoder.rows.size(), 2U);
  }
}

TEST(GenerateTest, BeamsAreOneRowInTheFirstStep) {
  TableDecoder decoder;
  GenerationOptions options;
  options.num_beams = 3;
  options.max_length = 6;
  const auto results = Generate(decoder, Items(2), options);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(decoder.rows[0], 2U);
  EXPECT_EQ(decoder.rows[1], 6U);
  EXPECT_EQ(decoder.largest_source[1], 1U);  // of two rows
  EXPECT_EQ(decoder.largest_source[0], 1U);  // of two items
}

TEST(GenerateTest, SamplesOfOneTextShareTheFirstStep) {
  TableDecoder decoder;
  GenerationOptions options;
  options.do_sample = true;
  options.num_return_sequences = 8;
  options.max_length = 12;
  const auto results = Generate(decoder, Items(1), options);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(decoder.rows[0], 1U);
  EXPECT_EQ(decoder.rows[1], 8U);
  EXPECT_LT(decoder.rows.back(), 8U);  // those that ended have left
  std::map<Tokens, int> different;
  for (const auto& one : results->front()) ++different[one.ids];
  EXPECT_GT(different.size(), 3U);
}

TEST(GenerateTest, ADecodersErrorEndsIt) {
  class Broken final : public StepDecoder {
    absl::StatusOr<std::span<float>> Step(std::span<const TokenId>,
                                          std::span<const std::size_t>) override {
      return absl::InternalError("broken");
    }
  };
  for (const int beams : {1, 2}) {
    Broken decoder;
    GenerationOptions options;
    options.num_beams = beams;
    EXPECT_EQ(Generate(decoder, Items(1), options).status().code(), absl::StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace guichet
