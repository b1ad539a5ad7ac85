#pragma once

#include <span>
#include <vector>

#include "model/generation/generation_options.h"
#include "model/text/tokenizer.h"

// What may come next, as Hugging Face's logits processors decide it (transformers 4.57,
// generation/logits_process.py). Pure functions on the scores of one row: `scores` [vocabulary] are
// logits or, in a beam search, log probabilities; `prefix` is the row so far, its start token
// included. What must not come gets the score -infinity.

namespace guichet {

// A token that stands in the prefix: a score below 0 times the penalty, another one divided by it.
void PenaliseRepetition(std::span<const TokenId> prefix, double penalty, std::span<float> scores);

// Bans each token that would end a row of `size` tokens that stands in the prefix already; size 1
// or more.
void BanRepeatedNgrams(std::span<const TokenId> prefix, int size, std::span<float> scores);

// Bans the last token of each word whose others end the prefix. As in Hugging Face the word that is
// </s> alone counts for nothing, and so does one that is longer than the prefix.
void BanWords(std::span<const TokenId> prefix, std::span<const std::vector<TokenId>> words,
              TokenId end, std::span<float> scores);

// This token and no other: 0, and -infinity for the others.
void ForceToken(TokenId token, std::span<float> scores);

// All of them in Hugging Face's order: repetition, n-grams, bad words, least lengths, forced
// tokens.
void ProcessScores(const GenerationOptions& options, std::span<const TokenId> prefix,
                   std::span<float> scores);

}  // namespace guichet
