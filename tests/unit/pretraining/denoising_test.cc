#include "model/pretraining/denoising.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::ElementsAre;

constexpr TokenId kMask = 9999;

// `count` different tokens from 100 on, in sentences of `sentence` tokens.
SentenceTokens Text(int count, int sentence) {
  SentenceTokens text;
  for (int i = 0; i < count; ++i) {
    if (i % sentence == 0) text.starts.push_back(static_cast<std::uint32_t>(i));
    text.tokens.push_back(100 + i);
  }
  return text;
}

DenoisingOptions Masking(double share, double mean) {
  return {.mask_share = share, .mean_span = mean, .permute_sentences = 0.0, .mask = kMask};
}

struct Statistics {
  double hidden = 0;         // share of the tokens
  double masks = 0;          // for each token
  std::map<int, int> spans;  // hidden runs by length
  int together = 0;          // masks side by side
};

// Over texts of 100 tokens that keep their order: what is missing between two tokens was a span.
Statistics Measure(const DenoisingOptions& options, int texts) {
  const SentenceTokens text = Text(100, 10);
  Random random(5);
  Statistics found;
  for (int n = 0; n < texts; ++n) {
    TokenId expected = 100;
    bool masked = false;
    const auto close = [&](TokenId token) {
      if (token > expected) ++found.spans[token - expected];
      found.hidden += token - expected;
      expected = token + 1;
      masked = false;
    };
    for (const TokenId token : Denoise(text, options, random)) {
      if (token == kMask) {
        ++found.masks;
        if (masked) ++found.together;
        masked = true;
      } else {
        close(token);
      }
    }
    close(200);
  }
  found.hidden /= 100.0 * texts;
  found.masks /= 100.0 * texts;
  return found;
}

TEST(DenoisingTest, HidesTheShareAskedForInSpansOfPoissonLengths) {
  const Statistics found = Measure(Masking(0.3, 3.0), 4000);
  EXPECT_NEAR(found.hidden, 0.3, 1e-9);  // 30 of 100 in every text
  // Nine spans of mean 3 / (1 - e^-3) and half a one of length 0 for each ten hidden tokens.
  int spans = 0;
  int tokens = 0;
  for (const auto& [length, count] : found.spans) {
    spans += count;
    tokens += length * count;
  }
  EXPECT_NEAR(static_cast<double>(tokens) / spans, 3.0 / (1.0 - std::exp(-3.0)), 0.15);
  // P(2) and P(3) of the distribution are the same; a last span that is cut adds to the short ones.
  EXPECT_NEAR(static_cast<double>(found.spans.at(2)) / found.spans.at(3), 1.0, 0.15);
  EXPECT_LT(found.spans.rbegin()->first, 16);
  // Masks that stand for nothing: P(0) / (1 - P(0)) of the others, 0.052.
  const double inserted = found.masks * 100 * 4000 / spans - 1.0;
  EXPECT_NEAR(inserted, std::exp(-3.0) / (1.0 - std::exp(-3.0)), 0.01);
  // Two masks meet only where one stands for nothing.
  EXPECT_LT(found.together, found.masks * 100 * 4000 * 0.03);
}

TEST(DenoisingTest, AFractionOfATokenIsDrawn) {
  const SentenceTokens text = Text(5, 5);
  Random random(1);
  double hidden = 0;
  for (int n = 0; n < 4000; ++n) {
    const auto spoilt = Denoise(text, Masking(0.3, 3.0), random);
    hidden += 5.0 - static_cast<double>(spoilt.size()) +
              static_cast<double>(std::ranges::count(spoilt, kMask));
  }
  EXPECT_NEAR(hidden / (5 * 4000), 0.3, 0.01);
}

TEST(DenoisingTest, EveryPlaceIsHiddenAsOften) {
  const SentenceTokens text = Text(20, 20);
  Random random(2);
  std::map<TokenId, int> seen;
  constexpr int kTexts = 8000;
  for (int n = 0; n < kTexts; ++n) {
    for (const TokenId token : Denoise(text, Masking(0.3, 3.0), random)) ++seen[token];
  }
  // The ends are hidden less often than the middle, as spans do not reach over them.
  for (int i = 3; i < 17; ++i) EXPECT_NEAR(seen[100 + i] / double{kTexts}, 0.7, 0.08) << i;
}

TEST(DenoisingTest, SentencesChangePlacesAndAllStay) {
  const SentenceTokens text = Text(12, 3);
  DenoisingOptions options = Masking(0.0, 3.0);
  options.permute_sentences = 1.0;
  Random random(3);
  std::map<std::vector<TokenId>, int> orders;
  for (int n = 0; n < 2400; ++n) {
    const std::vector<TokenId> spoilt = Denoise(text, options, random);
    ++orders[spoilt];
    std::vector<TokenId> sorted = spoilt;
    std::ranges::sort(sorted);
    ASSERT_EQ(sorted, text.tokens);
    for (std::size_t i = 0; i < spoilt.size(); i += 3) {
      ASSERT_EQ((spoilt[i] - 100) % 3, 0);
      ASSERT_EQ(spoilt[i + 2], spoilt[i] + 2);
    }
  }
  EXPECT_EQ(orders.size(), 24U);  // all orders of four sentences
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, 100, 45);
}

TEST(DenoisingTest, WithoutPermutationTheOrderStays) {
  const SentenceTokens text = Text(12, 3);
  Random random(4);
  EXPECT_EQ(Denoise(text, Masking(0.0, 3.0), random), text.tokens);
}

TEST(DenoisingTest, IsNeverLongerThanTheTextAndHandlesExtremes) {
  for (const double share : {0.05, 0.5, 0.9, 0.999}) {
    for (const double mean : {0.01, 0.5, 3.0, 100.0}) {
      for (const int length : {1, 2, 4, 50}) {
        Random random(6);
        const SentenceTokens text = Text(length, 4);
        for (int n = 0; n < 50; ++n) {
          const auto spoilt = Denoise(text, Masking(share, mean), random);
          ASSERT_LE(spoilt.size(), text.tokens.size());
          ASSERT_GE(spoilt.size(), 1U);
        }
      }
    }
  }
}

TEST(DenoisingTest, TheSameRandomNumbersGiveTheSameText) {
  const SentenceTokens text = Text(60, 7);
  DenoisingOptions options = Masking(0.3, 3.0);
  options.permute_sentences = 1.0;
  Random one(7);
  Random same(7);
  Random other(8);
  const auto spoilt = Denoise(text, options, one);
  EXPECT_EQ(spoilt, Denoise(text, options, same));
  EXPECT_NE(spoilt, Denoise(text, options, other));
}

TEST(DenoisingTest, InOrderMovesWholeSentences) {
  const SentenceTokens text{.tokens = {1, 2, 3, 4, 5, 6}, .starts = {0, 1, 4}};
  EXPECT_THAT(InOrder(text, std::vector<std::size_t>{2, 0, 1}), ElementsAre(5, 6, 1, 2, 3, 4));
}

TEST(DenoisingTest, SpansSumUpToWhatIsHidden) {
  Random random(9);
  for (int hidden = 0; hidden < 40; ++hidden) {
    const auto spans = DrawSpans(hidden, 3.0, random);
    EXPECT_EQ(std::accumulate(spans.begin(), spans.end(), 0), hidden);
  }
}

}  // namespace
}  // namespace guichet
