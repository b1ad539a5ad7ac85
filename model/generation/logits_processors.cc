#include "model/generation/logits_processors.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace guichet {
namespace {

constexpr float kBanned = -std::numeric_limits<float>::infinity();

float& At(std::span<float> scores, TokenId token) {
  return scores[static_cast<std::size_t>(token)];
}

}  // namespace

void PenaliseRepetition(std::span<const TokenId> prefix, double penalty, std::span<float> scores) {
  std::vector<TokenId> tokens(prefix.begin(), prefix.end());
  std::ranges::sort(tokens);
  const auto repeated = std::ranges::unique(tokens);
  tokens.erase(repeated.begin(), repeated.end());
  const auto factor = static_cast<float>(penalty);
  for (const TokenId token : tokens) {
    float& score = At(scores, token);
    score = score < 0 ? score * factor : score / factor;
  }
}

void BanRepeatedNgrams(std::span<const TokenId> prefix, int size, std::span<float> scores) {
  const auto length = static_cast<std::size_t>(size);
  if (prefix.size() < length) return;
  const std::span<const TokenId> last = prefix.last(length - 1);
  for (std::size_t begin = 0; begin + length <= prefix.size(); ++begin) {
    if (std::ranges::equal(prefix.subspan(begin, length - 1), last)) {
      At(scores, prefix[begin + length - 1]) = kBanned;
    }
  }
}

void BanWords(std::span<const TokenId> prefix, std::span<const std::vector<TokenId>> words,
              TokenId end, std::span<float> scores) {
  for (const std::vector<TokenId>& word : words) {
    if (word.size() > prefix.size() && word.size() > 1) continue;
    if (word.size() == 1 && word.front() == end) continue;
    const std::span<const TokenId> others = std::span(word).first(word.size() - 1);
    if (std::ranges::equal(prefix.last(others.size()), others)) At(scores, word.back()) = kBanned;
  }
}

void ForceToken(TokenId token, std::span<float> scores) {
  std::ranges::fill(scores, kBanned);
  At(scores, token) = 0.0F;
}

void ProcessScores(const GenerationOptions& options, std::span<const TokenId> prefix,
                   std::span<float> scores) {
  const int length = static_cast<int>(prefix.size());
  if (options.repetition_penalty != 1.0) {
    PenaliseRepetition(prefix, options.repetition_penalty, scores);
  }
  if (options.no_repeat_ngram_size > 0) {
    BanRepeatedNgrams(prefix, options.no_repeat_ngram_size, scores);
  }
  BanWords(prefix, options.bad_words, options.eos_token_id, scores);
  if (length < options.min_length || length - 1 < options.min_new_tokens) {
    At(scores, options.eos_token_id) = kBanned;
  }
  if (options.forced_bos_token_id && length == 1) ForceToken(*options.forced_bos_token_id, scores);
  if (options.forced_eos_token_id && length == options.max_length - 1) {
    ForceToken(*options.forced_eos_token_id, scores);
  }
}

}  // namespace guichet
