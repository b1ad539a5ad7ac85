#include "model/pretraining/denoising.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace guichet {
namespace {

// Knuth's method: few steps for the small means of spans.
int Poisson(double mean, Random& random) {
  const double limit = std::exp(-mean);
  int count = 0;
  for (double product = random.Uniform(); product > limit; product *= random.Uniform()) ++count;
  return count;
}

// `chosen` of 0 to count - 1, each set with equal probability, rising (Floyd 1987 would need a set;
// texts are short).
std::vector<std::size_t> Choose(std::size_t chosen, std::size_t count, Random& random) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (std::size_t i = 0; i < chosen; ++i) {
    std::swap(all[i], all[i + static_cast<std::size_t>(random.Below(count - i))]);
  }
  all.resize(chosen);
  std::ranges::sort(all);
  return all;
}

// Where masks stand, in the gaps around the tokens that stay.
struct Masks {
  std::vector<int> hidden;  // tokens left out at each gap
  std::vector<int> masks;   // <mask>s put there
};

// Each span in a gap of its own. Those that find none, when little stays, lengthen others.
Masks Place(const std::vector<int>& spans, std::size_t stay, Random& random) {
  Masks placed{std::vector<int>(stay + 1, 0), std::vector<int>(stay + 1, 0)};
  std::vector<int> lengths;
  std::size_t inserted = 0;
  for (const int span : spans) {
    if (span > 0) lengths.push_back(span);
    if (span == 0) ++inserted;
  }
  const auto gaps = Choose(std::min(lengths.size(), stay + 1), stay + 1, random);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const std::size_t gap = gaps[i % gaps.size()];
    placed.hidden[gap] += lengths[i];
    placed.masks[gap] = 1;
  }
  for (std::size_t i = 0; i < inserted; ++i) {
    ++placed.masks[static_cast<std::size_t>(random.Below(stay + 1))];
  }
  return placed;
}

std::vector<TokenId> Infill(std::span<const TokenId> tokens, const DenoisingOptions& options,
                            Random& random) {
  const double wanted = options.mask_share * static_cast<double>(tokens.size());
  auto hidden = static_cast<std::int64_t>(wanted);
  if (random.Chance(wanted - static_cast<double>(hidden))) ++hidden;
  if (hidden == 0) return {tokens.begin(), tokens.end()};
  const std::size_t stay = tokens.size() - static_cast<std::size_t>(hidden);
  const Masks placed = Place(DrawSpans(hidden, options.mean_span, random), stay, random);
  std::vector<TokenId> spoilt;
  spoilt.reserve(tokens.size());
  auto next = tokens.begin();
  for (std::size_t gap = 0; gap <= stay; ++gap) {
    // Many short spans could make the text longer than the model reads.
    const std::size_t room = tokens.size() - spoilt.size() - (stay - gap);
    const auto masks = std::min(static_cast<std::size_t>(placed.masks[gap]), room);
    spoilt.insert(spoilt.end(), masks, options.mask);
    next += placed.hidden[gap];
    if (gap < stay) spoilt.push_back(*next++);
  }
  return spoilt;
}

}  // namespace

std::vector<int> DrawSpans(std::int64_t hidden, double mean, Random& random) {
  std::vector<int> spans;
  while (hidden > 0) {
    const auto span = static_cast<int>(std::min<std::int64_t>(Poisson(mean, random), hidden));
    spans.push_back(span);
    hidden -= span;
  }
  return spans;
}

std::vector<TokenId> InOrder(const SentenceTokens& text, std::span<const std::size_t> order) {
  std::vector<TokenId> tokens;
  tokens.reserve(text.tokens.size());
  for (const std::size_t sentence : order) {
    const auto begin = text.tokens.begin() + text.starts[sentence];
    const auto end = sentence + 1 < text.starts.size()
                         ? text.tokens.begin() + text.starts[sentence + 1]
                         : text.tokens.end();
    tokens.insert(tokens.end(), begin, end);
  }
  return tokens;
}

std::vector<TokenId> Denoise(const SentenceTokens& text, const DenoisingOptions& options,
                             Random& random) {
  if (text.starts.size() < 2 || !random.Chance(options.permute_sentences)) {
    return Infill(text.tokens, options, random);
  }
  std::vector<std::size_t> order(text.starts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.Shuffle(std::span(order));
  return Infill(InOrder(text, order), options, random);
}

}  // namespace guichet
