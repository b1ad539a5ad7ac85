#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "model/text/tokenizer.h"

namespace guichet {

// How a text is spoilt for BART to mend (Lewis et al. 2019, section 2.2).
struct DenoisingOptions {
  // Share of the tokens that spans hide. From 0 to below 1.
  double mask_share = 0.3;
  // Mean of the Poisson distribution of the spans' lengths, in tokens; above 0.
  double mean_span = 3.0;
  // Probability that the sentences of a text change places. 0 to 1.
  double permute_sentences = 1.0;
  TokenId mask = -1;  // <mask>
};

// A text of whole sentences, without <s> and </s>. `starts` are the indices at which sentences
// begin, rising, the first of them 0.
struct SentenceTokens {
  std::vector<TokenId> tokens;
  std::vector<std::uint32_t> starts;
};

// The spoilt text: sentences in random order, then text infilling: spans of Poisson lengths until
// mask_share of the tokens are hidden (the last span is cut; a fraction of a token is drawn), each
// replaced by one <mask>; for each span of length 0 a <mask> is put in. Spans lie anywhere with
// equal probability and never touch, while there is room. Never longer than the text. A pure
// function of its arguments.
std::vector<TokenId> Denoise(const SentenceTokens& text, const DenoisingOptions& options,
                             Random& random);

// The sentences in the order given, a permutation of 0 to starts.size() - 1.
std::vector<TokenId> InOrder(const SentenceTokens& text, std::span<const std::size_t> order);

// The lengths of the spans that hide `hidden` tokens: those above 0 sum up to it; zeros stand for
// masks that are put in.
std::vector<int> DrawSpans(std::int64_t hidden, double mean, Random& random);

}  // namespace guichet
