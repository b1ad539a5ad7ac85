#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

namespace guichet {

// When a beam search ends before max_length. kTrue: as soon as num_beams sequences are finished.
// kFalse: when the best running beam, at its present length, scores below the worst finished one.
// kNever: when no running beam can come to score above it.
enum class EarlyStopping { kFalse, kTrue, kNever };

std::string_view NameOf(EarlyStopping early_stopping);  // "false", "true", "never"
absl::StatusOr<EarlyStopping> ParseEarlyStopping(std::string_view name);

// How a sequence is generated, with the names, meanings and defaults of Hugging Face's
// GenerationConfig (transformers 4.57). Lengths are in tokens and count the decoder's start token.
struct GenerationOptions {
  int max_length = 20;
  int min_length = 0;      // </s> is banned before; 0: no bound
  int min_new_tokens = 0;  // the same, the start token not counted
  int num_beams = 1;       // 1: greedy, or sampling with do_sample
  int num_return_sequences = 1;
  EarlyStopping early_stopping = EarlyStopping::kFalse;
  // A finished beam scores its log probability / length^length_penalty, the start token not
  // counted.
  double length_penalty = 1.0;
  double repetition_penalty = 1.0;  // above 1: tokens that stand there already become less likely
  int no_repeat_ngram_size = 0;     // no n tokens in a row stand there twice; 0: off
  std::vector<std::vector<TokenId>> bad_words = {};  // what never comes, each some tokens in a row

  bool do_sample = false;
  double temperature = 1.0;
  int top_k = 50;      // sample among the k likeliest; 0: among all
  double top_p = 1.0;  // sample among the likeliest that make up this probability; 1: among all
  std::uint64_t seed = 0;

  std::optional<TokenId> forced_bos_token_id = std::nullopt;  // the first token after the start
  std::optional<TokenId> forced_eos_token_id = std::nullopt;  // the token at max_length
  TokenId decoder_start_token_id = 2;
  TokenId eos_token_id = 2;
};

// What a model allows.
struct GenerationLimits {
  int vocabulary_size = 0;
  int max_positions = 0;  // of the decoder
};

inline constexpr int kMaxBeams = 64;

// INVALID_ARGUMENT names the first field that is out of range or does not fit another one.
absl::Status Validate(const GenerationOptions& options, const GenerationLimits& limits);

}  // namespace guichet
