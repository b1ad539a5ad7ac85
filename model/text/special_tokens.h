#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

// Hugging Face's rules around a subword model (transformers 4.57, PreTrainedTokenizer): special
// tokens in raw text, templates, truncation, decoding. Pure functions, shared by all tokenizers.

namespace guichet {

struct SpecialToken {
  std::string_view text;
  TokenId id = -1;
};

// The five special tokens in the order Hugging Face adds the ones a vocabulary lacks.
std::array<SpecialToken, 5> ListSpecialTokens(const SpecialTokenIds& ids);

bool IsSpecial(TokenId id, const SpecialTokenIds& ids);

// A stretch of ordinary text, or one special token (`id` set, `text` its name).
struct TextSegment {
  std::string_view text;
  std::optional<TokenId> id;
};

// Splits raw text at the special tokens written in it. White space before a <mask> is dropped
// (AddedToken's lstrip), and so are empty stretches.
std::vector<TextSegment> SplitAtSpecialTokens(std::string_view text, const SpecialTokenIds& ids);

// How many leading tokens of each sequence a truncation keeps.
struct KeptTokens {
  std::size_t first = 0;
  std::size_t second = 0;
};

// Hugging Face's slow rule in closed form; `second` is unset for a single text. INVALID_ARGUMENT
// where Hugging Face would give up and return more than max_length tokens.
absl::StatusOr<KeptTokens> PlanTruncation(std::size_t first, std::optional<std::size_t> second,
                                          const EncodeOptions& options);

// The text of `ids`: every stretch between special tokens is decoded on its own, a special token
// stands for itself, with a space before the first of several; white space is stripped at both ends
// (BarthezTokenizer.convert_tokens_to_string).
std::string JoinAroundSpecialTokens(
    std::span<const TokenId> ids, const SpecialTokenIds& special,
    const std::function<std::string(std::span<const TokenId>)>& decode);

// clean_up_tokenization: joins " ." and the like to the word before.
std::string CleanUpSpaces(std::string text);

}  // namespace guichet
