#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

using TokenId = std::int32_t;

// How a tokenizer is loaded.
struct TokenizerOptions {
  // Longest text that is encoded, in bytes of UTF-8; a longer one is refused with INVALID_ARGUMENT.
  // A mebibyte takes at worst 1 to 2 seconds and 250 MB (no spaces, all of it in the vocabulary).
  // Default 4 MiB, 1 byte to 64 MiB.
  std::size_t max_text_bytes = std::size_t{4} << 20;

  absl::Status Validate() const;
};

// Which sequence of a pair loses tokens when both do not fit (names of Hugging Face's
// TruncationStrategy).
enum class TruncationStrategy { kLongestFirst, kOnlyFirst, kOnlySecond };

struct EncodeOptions {
  // Wrap as <s> X </s>, pairs as <s> A </s></s> B </s>.
  bool add_special_tokens = true;
  // Take "<s>", "</s>", "<unk>", "<pad>", "<mask>" found in the raw text as the special tokens
  // (what Hugging Face does). False: they are ordinary text. The service sets it to false.
  bool parse_special_tokens = true;
  // Longest result in tokens, special tokens included; unset: no truncation. The final </s> always
  // survives.
  std::optional<int> max_length = std::nullopt;
  TruncationStrategy truncation = TruncationStrategy::kLongestFirst;
};

struct Encoding {
  std::vector<TokenId> ids;
  int unknown_tokens = 0;  // how many ids are <unk>
  bool truncated = false;
};

struct DecodeOptions {
  bool skip_special_tokens = true;
  // Hugging Face's clean_up_tokenization_spaces: joins " ." and the like; it destroys French
  // spacing, so it is off.
  bool clean_up_spaces = false;
};

struct SpecialTokenIds {
  TokenId begin = 0;    // <s>
  TokenId padding = 1;  // <pad>
  TokenId end = 2;      // </s>
  TokenId unknown = 3;  // <unk>
  TokenId mask = -1;    // <mask>
};

// Text to token ids and back, exactly as Hugging Face's slow tokenizer of the same files. Immutable
// after loading: safe to share between threads. Errors: INVALID_ARGUMENT for text that is not
// UTF-8 (the message says at which byte) or longer than TokenizerOptions allows, for ids outside
// the vocabulary, and when a truncation would have to remove more than the chosen sequence holds.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual absl::StatusOr<Encoding> Encode(std::string_view text,
                                          const EncodeOptions& options) const = 0;
  virtual absl::StatusOr<Encoding> EncodePair(std::string_view first, std::string_view second,
                                              const EncodeOptions& options) const = 0;
  // The pieces of a text without special tokens added; an unknown piece keeps its surface (Hugging
  // Face's tokenize()).
  virtual absl::StatusOr<std::vector<std::string>> Pieces(std::string_view text,
                                                          bool parse_special_tokens) const = 0;
  virtual absl::StatusOr<std::string> Decode(std::span<const TokenId> ids,
                                             const DecodeOptions& options) const = 0;
  // The vocabulary's string of an id, e.g. "▁suis".
  virtual absl::StatusOr<std::string> IdToPiece(TokenId id) const = 0;

  virtual int vocabulary_size() const = 0;
  virtual const SpecialTokenIds& special_ids() const = 0;
  // "barthez" (sentencepiece) or "bart" (byte-level BPE).
  virtual std::string_view kind() const = 0;
  // The files, by their Hugging Face names, that make up this tokenizer; a bundle stores these.
  virtual const std::vector<std::filesystem::path>& files() const = 0;
};

// Loads the tokenizer of a Hugging Face folder or bundle, chosen by the files present. NOT_FOUND
// names the files looked for. Where the folder has a config.json, its vocab_size and its special
// ids must be the tokenizer's, else INVALID_ARGUMENT.
absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadTokenizer(
    const std::filesystem::path& folder, const TokenizerOptions& options = {});

}  // namespace guichet
